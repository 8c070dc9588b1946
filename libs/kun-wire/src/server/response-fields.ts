import { repeatedFields } from '../connection/sending/repeated-blocks.js';
import { isFieldName, isFieldValue } from '../connection/streams/field-kind.js';
import type { HeaderFields } from '../connection/streams/send-item.js';
import { encodeBinaryValue, isBinaryKey } from '../grpc/header-values.js';
import { ACCEPTED_ENCODINGS, type MessageEncoding } from '../grpc/message-encoding.js';
import { encodeStatusMessage } from '../grpc/status.js';
import type { HeadRefusal } from './request-head.js';

/** Headers or trailers to send, in order: text in printable ASCII, bytes under names that end in `-bin`. */
export type Metadata = Iterable<readonly [name: string, value: string | Uint8Array]>;

/** A header is not valid. */
export class InvalidHeaderError extends TypeError {
  override readonly name = 'InvalidHeaderError';
}

const STATUS_200 = [':status', '200'] as const;
const CONTENT_TYPE = ['content-type', 'application/grpc'] as const;

/** The response headers without custom metadata, by message encoding. */
const HEADS: Readonly<Record<MessageEncoding, HeaderFields>> = {
  identity: repeatedFields([STATUS_200, CONTENT_TYPE]),
  deflate: repeatedFields([STATUS_200, CONTENT_TYPE, ['grpc-encoding', 'deflate']]),
  gzip: repeatedFields([STATUS_200, CONTENT_TYPE, ['grpc-encoding', 'gzip']]),
};
/** The trailers of a successful response. */
const OK = repeatedFields([['grpc-status', '0']]);

/**
 * The headers of a response.
 *
 * @throws {InvalidHeaderError} for an invalid name or value.
 */
export function headFields(
  metadata: Metadata | undefined,
  encoding: MessageEncoding = 'identity',
): HeaderFields {
  const head = HEADS[encoding];
  return metadata === undefined ? head : [...head, ...checked(metadata)];
}

/**
 * The trailers of a response; `alone` if nothing was sent before (trailers-only).
 *
 * @throws {InvalidHeaderError} for an invalid name or value.
 */
export function statusFields(
  code: number,
  message: string,
  trailers: Metadata | undefined,
  alone: boolean,
): HeaderFields {
  if (code === 0 && message === '' && trailers === undefined && !alone) return OK;
  const fields: Array<readonly [string, string]> = alone ? [STATUS_200, CONTENT_TYPE] : [];
  fields.push(['grpc-status', String(code)]);
  if (message !== '') fields.push(['grpc-message', encodeStatusMessage(message)]);
  if (trailers !== undefined) fields.push(...checked(trailers));
  return fields;
}

/** The response to a request that is refused because of its headers. */
export function refusalFields({ httpStatus, code, message }: HeadRefusal): HeaderFields {
  if (httpStatus === 415) return [[':status', '415']];
  const fields: Array<readonly [string, string]> = [[':status', String(httpStatus)]];
  if (httpStatus === 405) fields.push(['allow', 'POST']);
  fields.push(CONTENT_TYPE, ['grpc-status', String(code)], ['grpc-message', encodeStatusMessage(message)]);
  if (code === 12) fields.push(['grpc-accept-encoding', ACCEPTED_ENCODINGS]);
  return fields;
}

function checked(metadata: Metadata): Array<readonly [string, string]> {
  const fields: Array<readonly [string, string]> = [];
  for (const [name, value] of metadata) {
    if (!isFieldName(name))
      throw new InvalidHeaderError(`${JSON.stringify(name)} is not a valid header name`);
    const text = typeof value === 'string' ? value : encodeBinaryValue(value);
    if (typeof value !== 'string' && !isBinaryKey(name)) {
      throw new InvalidHeaderError(`the value of ${name} is binary, so its name must end in -bin`);
    }
    if (!PLAIN.test(text) && (!isFieldValue(text) || !IS_LATIN_1.test(text))) {
      throw new InvalidHeaderError(`the value of ${name} has characters that are not allowed in a header`);
    }
    fields.push([name, text]);
  }
  return fields;
}

/** A fast check that most values pass. */
const PLAIN = /^[!-~]+$/;

// eslint-disable-next-line no-control-regex
const IS_LATIN_1 = /^[\u0000-\u00ff]*$/;
