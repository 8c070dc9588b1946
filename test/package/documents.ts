import { globSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { blocksOf, type Block } from './markdown.js';
import { ROOT } from './published.js';

/** The blocks of every document that a user reads. */
export function readDocuments(): Block[] {
  const files = globSync(['*.md', 'docs/*.md', '{libs,apps,examples}/*/README.md', 'examples/README.md'], {
    cwd: ROOT,
  });
  return files.toSorted().flatMap((file) => blocksOf(file, readFileSync(join(ROOT, file), 'utf8')));
}

/** Where a block stands, for messages. */
export function placeOf({ file, line }: Block): string {
  return `${file}:${line}`;
}

/**
 * Writes the files of the documents into a directory, those of each document into one of its own, which can import
 * the packages by name. Returns the TypeScript files, each with its block.
 */
export function writeProjects(blocks: readonly Block[], directory: string): Map<string, Block> {
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }');
  const sources = new Map<string, Block>();
  for (const block of blocks) {
    if (block.path === undefined && block.language !== 'ts') continue;
    const file = join(projectOf(directory, block.file), block.path ?? `src/line-${block.line}.ts`);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, block.text);
    if (block.language === 'ts') sources.set(file, block);
  }
  return sources;
}

/** The directory with the files of a document. */
export function projectOf(directory: string, document: string): string {
  return join(directory, document.replaceAll('/', '-').replace(/\.md$/, ''));
}

/** Compiles as strictly as the repository does, writes JavaScript beside the files, and returns what is wrong. */
export function compile(files: readonly string[]): string[] {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
    config: { compilerOptions: object };
  };
  const { options } = ts.convertCompilerOptionsFromJson(
    { ...config.compilerOptions, declaration: false, declarationMap: false, sourceMap: false },
    ROOT,
  );
  const program = ts.createProgram(files, { ...options, typeRoots: [join(ROOT, 'node_modules/@types')] });
  const diagnostics = [...ts.getPreEmitDiagnostics(program), ...program.emit().diagnostics];
  return diagnostics.map(({ file, start = 0, messageText }) => {
    const line = file ? file.getLineAndCharacterOfPosition(start).line + 1 : 0;
    return `${file?.fileName}:${line} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
}
