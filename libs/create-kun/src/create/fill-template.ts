import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { ScaffoldError } from '../terminal.js';

/** Values for the placeholders of a template: `name` for `__name__`. */
export type Values = Readonly<Record<string, string>>;

/** A file to be written. */
export interface FilledFile {
  /** Relative to the project's folder. */
  readonly path: string;
  readonly content: Buffer;
  readonly executable: boolean;
}

/**
 * Reads a template's folder, and replaces every `__name__` of the values in file names and texts. `dot_` at the
 * beginning of a name becomes a dot, because npm never packs `.gitignore` and `.npmrc`, whatever `files` says.
 *
 * @throws {ScaffoldError} when it contains anything but files and folders, or a path that leaves it.
 */
export function readTemplate(directory: string, values: Values): FilledFile[] {
  const files: FilledFile[] = [];
  for (const entry of readdirSync(directory, { recursive: true, encoding: 'utf8' }).toSorted()) {
    const source = join(directory, entry);
    const stat = lstatSync(source);
    if (stat.isDirectory()) continue;
    if (!stat.isFile())
      throw new ScaffoldError(`${source} is neither a file nor a folder; a template has no links`);
    const bytes = readFileSync(source);
    files.push({
      path: pathOf(entry, values),
      content: bytes.includes(0) ? bytes : Buffer.from(fill(textOf(bytes), values)),
      executable: (stat.mode & 0o111) !== 0,
    });
  }
  const seen = new Set<string>();
  for (const { path } of files) {
    if (seen.has(path)) throw new ScaffoldError(`the template has ${path} twice`);
    seen.add(path);
  }
  return files;
}

/** Replaces every `__name__` that has a value; others stay. */
export function fill(text: string, values: Values): string {
  return text.replaceAll(/__([A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*)__/g, (whole, key: string) =>
    Object.hasOwn(values, key) ? (values[key] ?? whole) : whole,
  );
}

/** Writes files below a folder; their modes follow the process's umask. */
export function writeFiles(directory: string, files: readonly FilledFile[]): void {
  for (const { path, content, executable } of files) {
    const target = join(directory, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, content, { mode: executable ? 0o777 : 0o666, flag: 'wx' });
  }
}

function pathOf(entry: string, values: Values): string {
  const path = entry
    .split(sep)
    .map((part) => fill(part, values).replace(/^dot_/, '.'))
    .join('/');
  const parts = path.split('/');
  if (parts.some((part) => part === '' || part === '..' || part === '.' || part.includes('\\'))) {
    throw new ScaffoldError(`the template would write to ${path}, which is outside of the project`);
  }
  return path;
}

/** A checkout on Windows may have changed the template's line endings; the written files have the repository's. */
function textOf(bytes: Buffer): string {
  return bytes.toString('utf8').replaceAll('\r\n', '\n');
}
