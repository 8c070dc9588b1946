import { existsSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { loadSync, type MethodDefinition, type Options, type PackageDefinition } from '@grpc/proto-loader';
import type { ServiceDefinition } from '@grpc/grpc-js';
import { firstBroken, protoFiles, type MissingImport } from './proto-files.js';

/** A proto file and the package of it that this service serves. */
export interface ProtoSource {
  /** The proto package, as `acme.cache.v1`. */
  readonly package: string;
  /** The `.proto` file; relative paths count from the application's base directory. */
  readonly path: string;
  /** Where imports are looked for besides the file's own directory; relative as `path` is. Default: none. */
  readonly includeDirs?: readonly string[];
}

/** A proto could not be read, or has not what it should have. */
export class ProtoError extends Error {
  override readonly name = 'ProtoError';
}

/**
 * How messages look in JavaScript; fixed, so that generated types always match. 64-bit integers are strings, enum
 * values their names, field names as the proto writes them, absent fields have their defaults.
 */
export const LOADER_OPTIONS: Options = Object.freeze({
  keepCase: true,
  longs: String,
  enums: String,
  defaults: true,
  oneofs: true,
});

/** The services of the packages asked for, by full name (`acme.cache.v1.CacheService`). */
export interface LoadedProtos {
  readonly services: ReadonlyMap<string, ServiceDefinition>;
  /** All that was read, for reflection. */
  readonly definitions: readonly PackageDefinition[];
}

/**
 * Reads the protos.
 *
 * @throws {ProtoError} when a file is missing or does not parse (with its line), or has no service in the package.
 */
export function loadProtos(sources: readonly ProtoSource[], baseDirectory: string): LoadedProtos {
  const services = new Map<string, ServiceDefinition>();
  const definitions: PackageDefinition[] = [];
  for (const source of sources) {
    const definition = loadProto(source, baseDirectory);
    definitions.push(definition);
    const found = Object.entries(definition).filter(
      ([name, entry]) => isService(entry) && name.slice(0, name.lastIndexOf('.')) === source.package,
    );
    if (found.length === 0) throw new ProtoError(noServiceMessage(source, definition));
    for (const [name, entry] of found) services.set(name, entry as ServiceDefinition);
  }
  return { services, definitions };
}

/** Where the files of the sources are, and where their imports are looked for. */
export function locateProtos(
  sources: readonly ProtoSource[],
  baseDirectory: string,
): Array<{ readonly path: string; readonly includeDirs: readonly string[] }> {
  return sources.map((source) => {
    const path = resolve(baseDirectory, source.path);
    const own = (source.includeDirs ?? []).map((name) => resolve(baseDirectory, name));
    return { path, includeDirs: [dirname(path), ...own] };
  });
}

function loadProto(source: ProtoSource, baseDirectory: string): PackageDefinition {
  const file = isAbsolute(source.path) ? source.path : resolve(baseDirectory, source.path);
  if (!existsSync(file)) {
    throw new ProtoError(`${file}: no such proto file; check "path" of package ${source.package}`);
  }
  const includeDirs = [
    dirname(file),
    ...(source.includeDirs ?? []).map((name) => resolve(baseDirectory, name)),
  ];
  const { files, missing } = protoFiles(file, includeDirs);
  if (missing.length > 0) throw new ProtoError(missing.map(missingMessage(includeDirs)).join('\n'));
  try {
    return loadSync(file, { ...LOADER_OPTIONS, includeDirs });
  } catch (cause) {
    throw new ProtoError(explainParseError(firstBroken(files) ?? file, cause), { cause });
  }
}

function missingMessage(directories: readonly string[]): (missing: MissingImport) => string {
  return ({ imported, place }) =>
    `${place}: imports ${imported}, which is not in ${directories.join(', ')}; add its directory to "includeDirs"`;
}

/** protobufjs ends its message with the line; here the place goes first, as editors read it. */
function explainParseError(file: string, cause: unknown): string {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const [, text, line] = /^(.*) \((?:.+, )?line (\d+)\)$/.exec(reason) ?? [];
  return line ? `${file}:${line}: ${text}` : `${file}: ${reason}`;
}

function noServiceMessage(source: ProtoSource, definition: PackageDefinition): string {
  const there = Object.entries(definition)
    .filter(([, entry]) => isService(entry))
    .map(([name]) => name);
  const hint = there.length > 0 ? `the file has ${there.join(', ')}` : 'the file has no service at all';
  return `${source.path}: no service in package "${source.package}"; ${hint}`;
}

/** Messages and enums have a `format`; a service is a bare map of methods. */
function isService(
  entry: PackageDefinition[string],
): entry is Record<string, MethodDefinition<object, object>> {
  return !('format' in entry);
}
