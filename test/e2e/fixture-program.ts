import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { REPOSITORY } from './running-process.js';

/** The fixtures compiled, since Node does not run decorators; `await using` removes them. */
export interface FixturePrograms {
  /** The path of a program, by the name of its source without `.ts`. */
  main(name: string): string;
  [Symbol.asyncDispose](): Promise<void>;
}

const FIXTURES = join(REPOSITORY, 'test/fixtures');

/** Compiles everything in `test/fixtures` for processes of its own, which meet the packages by name. */
export async function buildFixtures(): Promise<FixturePrograms> {
  const folder = await mkdtemp(join(tmpdir(), 'kun-fixtures-'));
  await symlink(join(REPOSITORY, 'node_modules'), join(folder, 'node_modules'));
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  const { config } = ts.readConfigFile(join(REPOSITORY, 'tsconfig.json'), (path) =>
    ts.sys.readFile(path),
  ) as {
    config: { compilerOptions: object };
  };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, REPOSITORY);
  for (const name of await readdir(FIXTURES)) {
    const file = join(FIXTURES, name);
    if (!name.endsWith('.ts')) {
      await cp(file, join(folder, name), { recursive: true });
      continue;
    }
    const { outputText } = ts.transpileModule(await readFile(file, 'utf8'), {
      fileName: file,
      compilerOptions: {
        ...options,
        module: ts.ModuleKind.ESNext,
        sourceMap: false,
        declaration: false,
        declarationMap: false,
      },
    });
    await writeFile(join(folder, name.replace(/\.ts$/, '.js')), outputText);
  }
  return {
    main: (name) => join(folder, `${name}.js`),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
