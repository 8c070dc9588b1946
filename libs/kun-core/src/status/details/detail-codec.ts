import { detailType } from './detail-type.js';
import type { StatusDetail } from './detail-types.js';
import { toDuration } from './duration.js';
import { isStandardType, readDetail } from './read-detail.js';

/** google.protobuf.Any: a message's type and its bytes */
export interface PackedAny {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

const TYPE_URL_PREFIX = 'type.googleapis.com/';
const PACKAGE = 'google.rpc.';

/**
 * A detail as google.protobuf.Any.
 *
 * @throws {TypeError} when the object does not have the shape of its type (possible from plain JavaScript).
 */
export function packDetail(detail: StatusDetail): PackedAny {
  if (detail.type === 'google.protobuf.Any') {
    return { typeUrl: wellFormed(detail.typeUrl), value: Uint8Array.from(detail.value) };
  }
  if (!isStandardType(detail.type)) throw new TypeError('A detail needs the type of a standard detail');
  const codec = detailType(detail.type.slice(PACKAGE.length));
  const fields =
    detail.type === 'google.rpc.RetryInfo'
      ? { retryDelay: toDuration(detail.retryDelayMs) }
      : wellFormedFields(detail);
  return { typeUrl: TYPE_URL_PREFIX + detail.type, value: codec.encode(codec.fromObject(fields)).finish() };
}

/**
 * The detail in an Any: a standard one typed, any other (and one whose bytes do not parse) as `AnyDetail`.
 * Fields that this package does not know are left out.
 */
export function unpackDetail({ typeUrl, value }: PackedAny): StatusDetail {
  // The part after the last slash names the type; the part before it concerns a registry.
  const type = typeUrl.slice(typeUrl.lastIndexOf('/') + 1);
  if (isStandardType(type)) {
    try {
      const codec = detailType(type.slice(PACKAGE.length));
      return readDetail(type, codec.toObject(codec.decode(value), { longs: String }));
    } catch {
      // Kept as bytes below: a later reader may know the type.
    }
  }
  // A copy: the bytes may be a window on a large buffer that would stay alive with them.
  return { type: 'google.protobuf.Any', typeUrl, value: Uint8Array.from(value) };
}

/** The same text with every lone surrogate replaced by U+FFFD, as UTF-8 needs */
export function wellFormed(text: string): string {
  return /\p{Surrogate}/u.test(text) ? Buffer.from(text, 'utf8').toString('utf8') : text;
}

// protobufjs writes short lone surrogates as they are, which other languages refuse to parse.
function wellFormedFields(value: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [wellFormed(key), wellFormedDeep(item)]),
  );
}

function wellFormedDeep(value: unknown): unknown {
  if (typeof value === 'string') return wellFormed(value);
  if (Array.isArray(value)) return value.map(wellFormedDeep);
  return typeof value === 'object' && value !== null ? wellFormedFields(value) : value;
}
