import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import protobuf from 'protobufjs';

/** A proto file that another imports and that is nowhere. */
export interface MissingImport {
  readonly imported: string;
  /** `file:line` of the import. */
  readonly place: string;
}

/**
 * A proto file and all that it imports, itself first, and the imports that are in none of the directories. The loader
 * itself writes a warning of those to standard error, and then names the file without saying who wants it.
 */
export function protoFiles(
  file: string,
  directories: readonly string[],
): { readonly files: readonly string[]; readonly missing: readonly MissingImport[] } {
  const files = [file];
  const missing: MissingImport[] = [];
  for (const current of files) {
    for (const { path, line, optional } of importsOf(readFileSync(current, 'utf8'))) {
      const candidates = [...directories, dirname(current)].map((directory) => join(directory, path));
      const found = (isAbsolute(path) ? [path] : candidates).find((candidate) => existsSync(candidate));
      if (found && !files.includes(found)) files.push(found);
      if (!found && !optional) missing.push({ imported: path, place: `${current}:${line}` });
    }
  }
  return { files, missing };
}

/** The first of the files that does not parse, `undefined` when each does by itself. */
export function firstBroken(files: readonly string[]): string | undefined {
  return files.find((file) => {
    try {
      protobuf.parse(readFileSync(file, 'utf8'));
      return false;
    } catch {
      return true;
    }
  });
}

function importsOf(text: string): Array<{ path: string; line: number; optional: boolean }> {
  const code = text.replace(/\/\*[^]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '));
  return [...code.matchAll(/^[ \t]*import\s+(?:(public|weak)\s+)?["']([^"']+)["']/gm)].map(
    ({ 1: modifier, 2: path = '', index }) => ({
      path,
      line: code.slice(0, index).split('\n').length,
      // protobufjs has Google's own files with it, and goes on without weak ones.
      optional: modifier === 'weak' || path.startsWith('google/protobuf/'),
    }),
  );
}
