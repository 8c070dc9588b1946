import { Metadata, type StatusObject } from '@grpc/grpc-js';
import {
  cleanMetadata,
  fieldBytes,
  MAX_METADATA_BYTES,
  MAX_METADATA_FIELDS,
  type OnLeftOut,
} from '../../transport/outgoing-metadata.js';
import { fitDetails } from './fit-details.js';
import { encodedBytes, toMessageText } from './message-text.js';
import { encodeStatus, STATUS_DETAILS_KEY } from './status-codec.js';
import type { StatusError } from '../status-error.js';

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
  readonly maxTrailerBytes?: number;
  /** How large the message may be once percent-encoded, in bytes; a longer one is cut. Default 2048 */
  readonly maxMessageBytes?: number;
  /** Metadata that goes along, after the error's own. Default: none */
  readonly also?: ReadonlyArray<Metadata | undefined>;
  /** Told of metadata that is not sent. Default: nobody is */
  readonly onLeftOut?: OnLeftOut;
}

/**
 * What a server sends for a failure: code, message and, where there are details, google.rpc.Status in
 * `grpc-status-details-bin`, whose code and message are the same (clients in other languages check that).
 *
 * Never throws and never exceeds the sizes in `options`: metadata that does not fit is left out, and details
 * are cut as `fitDetails` says, with an ErrorInfo of reason `DETAILS_TRUNCATED` and domain `kun` at the end.
 */
export function toTrailers(error: StatusError, options: ToTrailersOptions = {}): StatusObject {
  const {
    maxTrailerBytes = MAX_METADATA_BYTES,
    maxMessageBytes = 2048,
    also = [],
    onLeftOut = ignore,
  } = options;
  const details = toMessageText(error.message, maxMessageBytes);
  const metadata = new Metadata();
  let room =
    maxTrailerBytes -
    fieldBytes('grpc-status', String(error.code)) -
    fieldBytes('grpc-message', '') -
    encodedBytes(details);

  for (const source of [error.metadata, ...also]) {
    if (source)
      room -= copyMetadata(source, metadata, { room, ownDetails: error.details.length > 0, onLeftOut });
  }
  if (error.details.length > 0) {
    const valueRoom = room - fieldBytes(STATUS_DETAILS_KEY, '');
    const fit = fitDetails(error.details, (packed) => {
      const bytes = encodeStatus(error.code, details, packed);
      return base64Bytes(bytes) <= valueRoom ? bytes : undefined;
    });
    if (fit) metadata.set(STATUS_DETAILS_KEY, fit);
  }
  return { code: error.code, details, metadata };
}

/** Copies what may be sent and fits, and returns the bytes it takes. */
function copyMetadata(
  from: Metadata,
  to: Metadata,
  { room, ownDetails, onLeftOut }: { room: number; ownDetails: boolean; onLeftOut: OnLeftOut },
): number {
  let taken = 0;
  const place = 'response trailers';
  const { metadata } = cleanMetadata(from, place, onLeftOut);
  for (const [name, values] of Object.entries(metadata.toJSON())) {
    if (name === STATUS_DETAILS_KEY && (ownDetails || to.get(name).length > 0)) continue;
    const bytes = values.reduce((sum, value) => sum + fieldBytes(name, value), 0);
    if (taken + bytes > room || Object.keys(to.toJSON()).length + values.length > MAX_METADATA_FIELDS) {
      onLeftOut({ place, name, reason: 'size' });
      continue;
    }
    for (const value of values) to.add(name, value);
    taken += bytes;
  }
  return taken;
}

function base64Bytes(bytes: Uint8Array): number {
  return Math.ceil(bytes.length / 3) * 4;
}

function ignore(): void {}
