import { Metadata } from '@grpc/grpc-js';
import { CallArgumentError, describeArgument } from './call-argument-error.js';

/** A value of metadata: text, or bytes where the key ends with `-bin`. */
export type MetadataInputValue = string | Uint8Array;

/** Metadata as a caller may pass it: grpc-js' own class, from any copy of it, or a plain object. */
export type MetadataInput =
  Metadata | Readonly<Record<string, MetadataInputValue | readonly MetadataInputValue[] | undefined>>;

/**
 * Copies the metadata passed to a call. Besides {@link MetadataInput} it accepts anything that iterates over key-value
 * pairs: a Map, the `Headers` of fetch, the metadata of nice-grpc.
 *
 * @throws {CallArgumentError} naming the key that is invalid or whose value cannot be sent.
 */
export function readMetadata(method: string, given: unknown): Metadata {
  if (given === undefined) return new Metadata();
  try {
    if (given instanceof Metadata) return given.clone();
    if (typeof given !== 'object' || given === null || Array.isArray(given)) {
      const expected = "expected grpc-js Metadata or an object such as { 'x-tenant': 'a' }";
      throw new CallArgumentError(method, 'metadata', `${expected}; found ${describeArgument(given)}`);
    }
    return copy(method, given);
  } catch (cause) {
    if (cause instanceof CallArgumentError) throw cause;
    throw new CallArgumentError(method, 'metadata', 'cannot be read', { cause });
  }
}

function copy(method: string, given: object): Metadata {
  const metadata = new Metadata();
  for (const [key, values] of entriesOf(given)) {
    for (const value of Array.isArray(values) ? (values as unknown[]) : [values]) {
      if (value !== undefined) add(method, metadata, key, value);
    }
  }
  if (isForeignMetadata(given)) metadata.setOptions(given.getOptions?.() ?? {});
  return metadata;
}

/** The part of grpc-js' class that every version and copy has. */
interface ForeignMetadata {
  getMap(): Record<string, unknown>;
  get(key: string): unknown[];
  getOptions?(): ReturnType<Metadata['getOptions']>;
}

function isForeignMetadata(given: object): given is ForeignMetadata {
  const { getMap, get } = given as Partial<ForeignMetadata>;
  return typeof getMap === 'function' && typeof get === 'function';
}

function entriesOf(given: object): Iterable<readonly [unknown, unknown]> {
  if (isForeignMetadata(given)) return Object.keys(given.getMap()).map((key) => [key, given.get(key)]);
  return Symbol.iterator in given ? (given as Iterable<readonly [unknown, unknown]>) : Object.entries(given);
}

function add(method: string, metadata: Metadata, key: unknown, value: unknown): void {
  const argument = `metadata.${String(key).slice(0, 100)}`;
  const binary = typeof key === 'string' && key.toLowerCase().endsWith('-bin');
  if (typeof key !== 'string' || (binary ? !(value instanceof Uint8Array) : typeof value !== 'string')) {
    const expected = binary ? 'expected bytes (Buffer or Uint8Array)' : 'expected text';
    throw new CallArgumentError(method, argument, `${expected}, found ${typeName(value)}`);
  }
  try {
    const bytes = value instanceof Uint8Array && !Buffer.isBuffer(value) ? Buffer.from(value) : value;
    metadata.add(key, bytes as string | Buffer);
  } catch {
    // grpc-js' message repeats the value, which may be a credential.
    const problem =
      'invalid metadata: keys consist of letters, digits, "-", "_" and ".", string values of printable ASCII';
    throw new CallArgumentError(method, argument, problem);
  }
}

/** Only the type, because metadata carries credentials. */
function typeName(value: unknown): string {
  return typeof value === 'object' ? describeArgument(value) : `a ${typeof value}`;
}
