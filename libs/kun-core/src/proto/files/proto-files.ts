import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path';
import { importsOf, type ProtoImport } from './proto-imports.js';
import { ProtoError } from './proto-source.js';
import { VALIDATE_PROTO, validateProto } from './validate-proto.js';
import { WELL_KNOWN_PROTOS } from './well-known-protos.js';

/** A proto file that has been read, and those it imports. */
export interface ProtoFile {
  /** The name by which other files import it, and which descriptors use. */
  readonly name: string;
  /** An absolute path; for files that come with kun, their name. */
  readonly path: string;
  readonly text: string;
  /** Whether it was requested, as opposed to merely imported. */
  readonly asked: boolean;
  /** The imports found: weak ones and those of options may be missing. */
  readonly imports: readonly FoundImport[];
}

/** An import that was found. */
export interface FoundImport {
  /** As written in the importing file. */
  readonly path: string;
  readonly kind: ProtoImport['kind'];
  readonly file: ProtoFile;
}

/**
 * Reads proto files and everything they import, the requested files first. Imports are searched in the root of the
 * importing file, beside the requested files, in `includeDirs`, beside the importing file, and last among the files
 * that come with protobufjs, kun (`google/protobuf/*`, `google/api/*`) and the protovalidate package.
 *
 * @throws {ProtoError} when a requested file or an import is missing, with the position of each such import.
 */
export function readProtoFiles(paths: readonly string[], includeDirs: readonly string[]): ProtoFile[] {
  const reading = new Reading(paths, includeDirs);
  for (const path of paths) reading.add(path, dirname(path));
  // The list grows during the loop.
  for (const file of reading.files) reading.followImports(file);
  if (reading.missing.length > 0) throw new ProtoError(reading.missing.join('\n'));
  return reading.files;
}

interface GrowingFile extends ProtoFile {
  name: string;
  readonly imports: FoundImport[];
  /** The directory in which it was found, as imports see it. */
  readonly root: string | undefined;
}

class Reading {
  readonly files: GrowingFile[] = [];
  readonly missing: string[] = [];
  private readonly roots: readonly string[];
  private validate: string | undefined;
  /** By real path: a file may be reached through several roots and links. */
  private readonly known = new Map<string, GrowingFile>();

  constructor(paths: readonly string[], includeDirs: readonly string[]) {
    this.roots = [...new Set([...paths.map((path) => dirname(path)), ...includeDirs])];
  }

  add(path: string, root: string | undefined, importedAs?: string): GrowingFile {
    const shipped = this.shipped(path);
    const key = shipped === undefined ? realpathSync(path) : path;
    let file = this.known.get(key);
    if (!file) {
      const text = shipped ?? readFileSync(path, 'utf8');
      const name = shipped === undefined ? this.nameBelowRoots(path) : path;
      file = { name, path, text, asked: importedAs === undefined, imports: [], root };
      this.known.set(key, file);
      this.files.push(file);
    }
    // A file is named as it is imported: its other names lead to the same file.
    if (importedAs !== undefined && isPortable(importedAs)) file.name = importedAs;
    return file;
  }

  followImports(file: GrowingFile): void {
    for (const { path, kind, line } of safeImports(file)) {
      const found = this.find(path, file);
      if (found) file.imports.push({ path, kind, file: this.add(found.path, found.root, path) });
      else if (kind !== 'weak' && kind !== 'option') {
        this.missing.push(
          `${file.path}:${line}: imports ${path}, which is not in ${this.roots.join(', ')}; add its directory to "includeDirs"${path === VALIDATE_PROTO ? ', or npm install @bufbuild/protovalidate, which has it' : ''}`,
        );
      }
    }
  }

  private find(path: string, importing: GrowingFile): { path: string; root: string | undefined } | undefined {
    if (isAbsolute(path)) {
      return existsSync(path) ? { path, root: importing.root } : undefined;
    }
    const own = importing.root === undefined ? [] : [importing.root];
    const beside = this.shipped(importing.path) !== undefined ? [] : [dirname(importing.path)];
    for (const root of [...own, ...this.roots, ...beside]) {
      const candidate = join(root, path);
      if (existsSync(candidate)) return { path: candidate, root };
    }
    if (this.shipped(path) !== undefined) return { path, root: undefined };
    const shipped = path.startsWith('google/') ? join(protobufjsDirectory(), path) : '';
    return shipped !== '' && existsSync(shipped) ? { path: shipped, root: undefined } : undefined;
  }

  /** Files that are not on disk: they come with kun, or with the protovalidate package. */
  private shipped(path: string): string | undefined {
    if (path !== VALIDATE_PROTO) return WELL_KNOWN_PROTOS.get(path);
    return (this.validate ??= validateProto());
  }

  /** Relative to the outermost of the directories that contain the file. */
  private nameBelowRoots(path: string): string {
    const names = this.roots.map((root) => relative(root, path).replaceAll(sep, '/')).filter(isPortable);
    return names.reduce((best, name) => (name.length > best.length ? name : best), basename(path));
  }
}

/** For a file that cannot even be tokenized, the parser's explanation is better. */
function safeImports(file: ProtoFile): ProtoImport[] {
  try {
    return importsOf(file.text);
  } catch {
    return [];
  }
}

function isPortable(name: string): boolean {
  return !isAbsolute(name) && name.split('/').every((part) => part !== '..' && part !== '.' && part !== '');
}

function protobufjsDirectory(): string {
  return dirname(createRequire(import.meta.url).resolve('protobufjs/package.json'));
}
