import { Metadata, type MetadataValue } from '@grpc/grpc-js';
import { metadataNameProblem, type MetadataPlace, SINGLE_VALUE_FIELDS } from './reserved-metadata.js';

/** Metadata that was not sent. */
export interface LeftOutMetadata {
  readonly place: MetadataPlace;
  readonly name: string;
  /**
   * `reserved`: the name belongs to HTTP/2 or gRPC; `name`, `value`: not what metadata can carry; `size`: it did not fit
   * beside the status.
   */
  readonly reason: 'reserved' | 'name' | 'value' | 'size';
}

/** Called with each piece of metadata that is not sent. */
export type OnLeftOut = (leftOut: LeftOutMetadata) => void;

/** Metadata that can be sent, and its size. */
export interface OutgoingMetadata {
  readonly metadata: Metadata;
  /** As HTTP/2 counts a header list: name, value (binary ones in base64) and 32 for each field (RFC 9113, 6.5.2). */
  readonly bytes: number;
  readonly fields: number;
}

/**
 * How large the metadata of one direction may be. gRPC's C core (Python, Ruby, C++, PHP) and gRPC-Java refuse more than
 * 8192; 1024 are left for what gRPC libraries and proxies add.
 */
export const MAX_METADATA_BYTES = 7168;
/** Node's HTTP/2 takes 128 fields of a peer by default (`maxHeaderListPairs`), gRPC's own and a proxy's among them. */
export const MAX_METADATA_FIELDS = 100;

/** RFC 9113, 6.5.2: what each field of a header list counts with. */
const FIELD_OVERHEAD_BYTES = 32;

/**
 * The one way out: takes from metadata what HTTP/2 and gRPC reserve and what cannot be carried, so that whatever a
 * handler, a client or another service's answer put into it can be sent. What goes out, on both sides, has been here.
 *
 * Metadata that is fine is returned as it is. Else a copy: several values of a field that HTTP allows once become one
 * (`a, b`, as HTTP reads them), spaces at the ends go, numbers become text, invalid names and values are left out.
 */
export function cleanMetadata(from: Metadata, place: MetadataPlace, onLeftOut: OnLeftOut): OutgoingMetadata {
  const source = from.toJSON() as Readonly<Record<string, readonly MetadataValue[]>>;
  let metadata = from;
  let bytes = 0;
  let fields = 0;
  const change = (): Metadata => (metadata === from ? (metadata = copyOf(from)) : metadata);
  for (const name of Object.keys(source)) {
    const problem = metadataNameProblem(name, place);
    if (problem !== undefined) {
      change().remove(name);
      onLeftOut({ place, name, reason: problem });
      continue;
    }
    const given = source[name] ?? [];
    const values = sendableValues(name, given);
    if (values !== given) {
      change().remove(name);
      for (const value of values) metadata.add(name, value);
      if (values.length === 0) onLeftOut({ place, name, reason: 'value' });
    }
    for (const value of values) bytes += fieldBytes(name, value);
    fields += values.length;
  }
  return { metadata, bytes, fields };
}

/** What is wrong with the size; `undefined` if it is acceptable. */
export function metadataSizeProblem({ bytes, fields }: OutgoingMetadata): string | undefined {
  if (bytes > MAX_METADATA_BYTES) return `take ${bytes} bytes, more than ${MAX_METADATA_BYTES}`;
  if (fields > MAX_METADATA_FIELDS) return `are ${fields} fields, more than ${MAX_METADATA_FIELDS}`;
  return undefined;
}

/** What a field counts in a header list. */
export function fieldBytes(name: string, value: MetadataValue): number {
  const length = typeof value === 'string' ? value.length : Math.ceil(value.length / 3) * 4;
  return name.length + length + FIELD_OVERHEAD_BYTES;
}

/** Returns the same list if every value is valid. */
function sendableValues(name: string, given: readonly MetadataValue[]): readonly MetadataValue[] {
  const binary = name.endsWith('-bin');
  let values = given;
  for (let index = 0; index < given.length; index++) {
    const value = binary ? sendableBytes(given[index]) : sendableText(given[index]);
    if (value !== undefined && value === given[index] && values === given) continue;
    if (values === given) values = given.slice(0, index);
    if (value !== undefined) values = [...values, value];
  }
  if (values.length < 2 || !SINGLE_VALUE_FIELDS.has(name)) return values;
  return [values.filter((value) => value !== '').join(', ')];
}

// PROTOCOL-HTTP2, "ASCII-Value".
const TEXT = /^[\x20-\x7e]*$/;

/** Plain JavaScript gets numbers past the type, and values from other copies of grpc-js are as they are. */
function sendableText(value: unknown): string | undefined {
  const text = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
  if (typeof text !== 'string' || !TEXT.test(text)) return undefined;
  // Spaces at the ends may be lost on the way, and strict peers refuse them (RFC 9113, 8.2.1).
  return text.startsWith(' ') || text.endsWith(' ') ? text.trim() : text;
}

function sendableBytes(value: unknown): Buffer | undefined {
  if (Buffer.isBuffer(value)) return value;
  return value instanceof Uint8Array ? Buffer.from(value) : undefined;
}

/** A copy made with this copy of grpc-js, whichever made the original; its options (`waitForReady`) are kept. */
function copyOf(from: Metadata): Metadata {
  const copy = new Metadata(from.getOptions());
  copy.merge(from);
  return copy;
}

/** Names that handlers make up must not exhaust memory. */
const MAX_WARNINGS = 200;

const WHY: Readonly<Record<LeftOutMetadata['reason'], string>> = {
  reserved: 'belongs to HTTP/2 or gRPC',
  name: 'is no name of metadata: it needs letters, digits, "-", "_" and "." only',
  value:
    'has a value that metadata cannot carry: printable ASCII, or a Buffer where the name ends with "-bin"',
  size: 'did not fit beside the status',
};

/** Warns about dropped metadata: once for each name, place and reason, whatever the number of calls. */
export function warnOfLeftOutMetadata(logger: { warn(fields: object, message: string): void }): OnLeftOut {
  const told = new Set<string>();
  return ({ place, name, reason }) => {
    const kind = `${place} ${reason} ${name}`;
    if (told.has(kind) || told.size >= MAX_WARNINGS) return;
    told.add(kind);
    logger.warn({ 'metadata.name': name, 'metadata.place': place }, `left out metadata that ${WHY[reason]}`);
  };
}
