import { Metadata, type StatusObject } from '@grpc/grpc-js';
import { fitDetails } from './fit-details.js';
import { encodedBytes, toMessageText } from './message-text.js';
import { encodeStatus, STATUS_DETAILS_KEY } from './status-codec.js';
import type { StatusError } from './status-error.js';

/** How an error is put into trailers. */
export interface ToTrailersOptions {
  /**
   * How large code, message, metadata and details may be together, in bytes as HTTP/2 counts a header list:
   * name + value (binary ones in base64) + 32 for each (RFC 9113, 6.5.2).
   *
   * Default 7168. gRPC's C core (Python, Ruby, C++, PHP) refuses more than 8192 in older releases and may
   * refuse it at random in newer ones (soft limit 8192, hard 16384), gRPC-Java refuses more than 8192; an
   * answer refused for its size reaches the caller as RESOURCE_EXHAUSTED or INTERNAL instead of its own
   * code. 1024 are left for what grpc-js and proxies add to an answer without a body.
   */
  maxTrailerBytes?: number;
  /** How large the message may be once percent-encoded, in bytes; a longer one is cut. Default 2048 */
  maxMessageBytes?: number;
}

/** RFC 9113, 6.5.2: the overhead that each field of a header list counts with */
const FIELD_OVERHEAD_BYTES = 32;

/** These belong to the protocol or to one hop; the rest of the metadata is the user's */
const NOT_FOR_TRAILERS = new Set(['grpc-status', 'grpc-message', 'content-type']);

/**
 * What a server sends for a failure: code, message and, where there are details, google.rpc.Status in
 * `grpc-status-details-bin`, whose code and message are the same (clients in other languages check that).
 *
 * Never throws and never exceeds the sizes in `options`: metadata that does not fit is left out, and details
 * are cut as `fitDetails` says, with an ErrorInfo of reason `DETAILS_TRUNCATED` and domain `kun` at the end.
 */
export function toTrailers(error: StatusError, options: ToTrailersOptions = {}): StatusObject {
  const { maxTrailerBytes = 7168, maxMessageBytes = 2048 } = options;
  const details = toMessageText(error.message, maxMessageBytes);
  const metadata = new Metadata();
  let room =
    maxTrailerBytes -
    fieldBytes('grpc-status', String(error.code).length) -
    fieldBytes('grpc-message', encodedBytes(details));

  room -= copyMetadata(error.metadata, metadata, room, error.details.length > 0);
  if (error.details.length > 0) {
    const valueRoom = room - fieldBytes(STATUS_DETAILS_KEY, 0);
    const fit = fitDetails(error.details, (packed) => {
      const bytes = encodeStatus(error.code, details, packed);
      return base64Bytes(bytes) <= valueRoom ? bytes : undefined;
    });
    if (fit) metadata.set(STATUS_DETAILS_KEY, fit);
  }
  return { code: error.code, details, metadata };
}

/** Copies what fits and returns the bytes it takes. The source may be another copy of grpc-js' class. */
function copyMetadata(from: Metadata, to: Metadata, room: number, ownDetails: boolean): number {
  let taken = 0;
  for (const key of Object.keys(from.getMap())) {
    if (NOT_FOR_TRAILERS.has(key) || key.startsWith(':')) continue;
    if (ownDetails && key === STATUS_DETAILS_KEY) continue;
    const values = from.get(key);
    const bytes = values.reduce(
      (sum, value) => sum + fieldBytes(key, typeof value === 'string' ? value.length : base64Bytes(value)),
      0,
    );
    if (taken + bytes > room) continue;
    for (const value of values) to.add(key, value);
    taken += bytes;
  }
  return taken;
}

function fieldBytes(name: string, valueBytes: number): number {
  return name.length + valueBytes + FIELD_OVERHEAD_BYTES;
}

function base64Bytes(bytes: Uint8Array): number {
  return Math.ceil(bytes.length / 3) * 4;
}
