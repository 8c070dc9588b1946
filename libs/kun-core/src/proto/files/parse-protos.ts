import protobuf from 'protobufjs';
import { linkTypes, UnknownTypeError } from './link-types.js';
import type { ProtoFile } from './proto-files.js';
import { ProtoError } from './proto-source.js';

/** What a set of proto files defines. */
export interface ProtoSchema {
  /** All definitions, by package; field names are as written in the files. */
  readonly root: protobuf.Root;
  /** The files, in the order in which they were read. */
  readonly files: readonly ProtoFile[];
  /** The file that defines a message, enum, service, field or method. */
  fileOf(object: protobuf.ReflectionObject): ProtoFile | undefined;
}

/**
 * Parses a set of proto files, and resolves their references.
 *
 * @throws {ProtoError} when a file cannot be parsed, or a reference cannot be resolved; with file and line.
 */
export function parseProtos(files: readonly ProtoFile[]): ProtoSchema {
  const root = new protobuf.Root();
  const owners = new Map<protobuf.ReflectionObject, ProtoFile>();
  for (const file of files) {
    for (const object of parseInto(root, file)) if (!owners.has(object)) owners.set(object, file);
  }
  const fileOf = (object: protobuf.ReflectionObject) => {
    let outer: protobuf.ReflectionObject | null = object;
    while (outer && !owners.has(outer)) outer = outer.parent;
    return outer ? owners.get(outer) : undefined;
  };
  try {
    linkTypes(root);
    root.resolveAll();
  } catch (cause) {
    throw new ProtoError(explainLinkError(cause, fileOf), { cause });
  }
  return { root, files, fileOf };
}

/** What the file's package holds then. Its name at each definition is lost by protobufjs in some files. */
function parseInto(root: protobuf.Root, file: ProtoFile): readonly protobuf.ReflectionObject[] {
  try {
    const { package: name } = protobuf.parse(file.text, root, { keepCase: true, alternateCommentMode: true });
    const namespace = name === undefined ? root : root.lookup(name, [protobuf.Namespace]);
    return namespace instanceof protobuf.Namespace || namespace instanceof protobuf.Root
      ? namespace.nestedArray.filter((object) => object.constructor !== protobuf.Namespace)
      : [];
  } catch (cause) {
    throw new ProtoError(explainParseError(file, cause), { cause });
  }
}

/** protobufjs puts the line at the end of its message; editors expect the position first. */
function explainParseError(file: ProtoFile, cause: unknown): string {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const [, text, line] = /^(.*) \((?:.+, )?line (\d+)\)$/.exec(reason) ?? [];
  if (line) return `${file.path}:${line}: ${text}`;
  const [, twice] = /^duplicate name '(\w+)'/.exec(reason) ?? [];
  const place = twice === undefined ? undefined : lastLineOf(file.text, new RegExp(`\\b${twice}\\b`));
  return place === undefined ? `${file.path}: ${reason}` : `${file.path}:${place}: ${reason}`;
}

function explainLinkError(
  cause: unknown,
  fileOf: (object: protobuf.ReflectionObject) => ProtoFile | undefined,
): string {
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (!(cause instanceof UnknownTypeError)) return reason;
  const file = fileOf(cause.object);
  if (!file) return `${cause.object.fullName.slice(1)}: ${reason}`;
  const { name } = cause.object;
  const reference = cause.reference.replaceAll('.', '\\s*\\.\\s*');
  const line = lastLineOf(
    file.text,
    new RegExp(`${reference}\\b[^;{}]*\\b${name}\\b|\\b${name}\\b.*${reference}`),
  );
  return line === undefined ? `${file.path}: ${reason}` : `${file.path}:${line}: ${reason}`;
}

function lastLineOf(text: string, pattern: RegExp): number | undefined {
  const code = text.replace(/\/\/.*|\/\*[^]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '));
  const last = [...code.matchAll(new RegExp(pattern, 'g'))].at(-1);
  return last && code.slice(0, last.index).split('\n').length;
}
