import { codeName, type CodeName } from './code.js';
import type { StatusDetail } from './details/detail-types.js';
import { durationText } from './details/duration.js';
import { httpStatusOf } from './http-status.js';
import type { StatusError } from './status-error.js';

/** An error as Google's HTTP APIs write it (AIP-193) */
export interface StatusJson {
  /** The HTTP status */
  readonly code: number;
  readonly status: CodeName;
  readonly message: string;
  /** protobuf's JSON form of google.protobuf.Any: `@type` and the fields */
  readonly details: ReadonlyArray<Readonly<Record<string, unknown>>>;
}

/**
 * An error as the body of an HTTP answer, its details as protobuf's JSON mapping has them.
 *
 * @param httpStatus default: by the table, `httpStatusOf(error.code)`
 */
export function toStatusJson(error: StatusError, httpStatus = httpStatusOf(error.code)): StatusJson {
  return {
    code: httpStatus,
    status: codeName(error.code),
    message: error.message,
    details: error.details.map(toDetailJson),
  };
}

function toDetailJson(detail: StatusDetail): Record<string, unknown> {
  if (detail.type === 'google.protobuf.Any') {
    // Without its schema a message has no JSON form; bytes are written as protobuf's JSON writes them.
    return { '@type': detail.typeUrl, value: Buffer.from(detail.value).toString('base64') };
  }
  const typeUrl = `type.googleapis.com/${detail.type}`;
  if (detail.type === 'google.rpc.RetryInfo') {
    return { '@type': typeUrl, retryDelay: durationText(detail.retryDelayMs) };
  }
  const { type: _, ...fields } = detail;
  return { '@type': typeUrl, ...fields };
}
