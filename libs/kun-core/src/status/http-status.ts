import { status } from '@grpc/grpc-js';

/** What google/rpc/code.proto names as the HTTP mapping of each code; the index is the code. */
const HTTP_STATUS_BY_CODE: readonly number[] = [
  200, // OK
  499, // CANCELLED, "client closed request"
  500, // UNKNOWN
  400, // INVALID_ARGUMENT
  504, // DEADLINE_EXCEEDED
  404, // NOT_FOUND
  409, // ALREADY_EXISTS
  403, // PERMISSION_DENIED
  429, // RESOURCE_EXHAUSTED
  400, // FAILED_PRECONDITION, not 412: that one speaks of conditional headers
  409, // ABORTED
  400, // OUT_OF_RANGE
  501, // UNIMPLEMENTED
  500, // INTERNAL
  503, // UNAVAILABLE
  500, // DATA_LOSS
  401, // UNAUTHENTICATED
];

/**
 * The way back. code.proto is not one to one, so 400, 409 and 500 need a choice: the code that fits most
 * requests. For 409 that is ALREADY_EXISTS, what Nest's `ConflictException` is used for: unlike ABORTED it
 * does not invite the caller to try again.
 */
const CODE_BY_HTTP_STATUS: ReadonlyMap<number, status> = new Map([
  [400, status.INVALID_ARGUMENT],
  [401, status.UNAUTHENTICATED],
  [403, status.PERMISSION_DENIED],
  [404, status.NOT_FOUND],
  [405, status.UNIMPLEMENTED],
  [406, status.INVALID_ARGUMENT],
  [408, status.DEADLINE_EXCEEDED],
  [409, status.ALREADY_EXISTS],
  [410, status.NOT_FOUND],
  [413, status.RESOURCE_EXHAUSTED], // as gRPC answers a message that is too large
  [415, status.INVALID_ARGUMENT],
  [416, status.OUT_OF_RANGE],
  [422, status.INVALID_ARGUMENT],
  [429, status.RESOURCE_EXHAUSTED],
  [499, status.CANCELLED],
  [501, status.UNIMPLEMENTED],
  [502, status.UNAVAILABLE],
  [503, status.UNAVAILABLE],
  [504, status.DEADLINE_EXCEEDED],
]);

/** The HTTP status for a code, by the table of google/rpc/code.proto. A number that is no code gives 500 */
export function httpStatusOf(code: number): number {
  return HTTP_STATUS_BY_CODE[code] ?? 500;
}

/**
 * The code for the HTTP status of an error that the service itself made, such as a Nest `HttpException`.
 * Any other 2xx is OK, 4xx FAILED_PRECONDITION (the caller must change something first), 5xx INTERNAL, and
 * the rest UNKNOWN.
 *
 * This is not the table by which a gRPC client reads a proxy's answer (grpc/doc/http-grpc-status-mapping.md).
 */
export function codeOfHttpStatus(httpStatus: number): status {
  const code = CODE_BY_HTTP_STATUS.get(httpStatus);
  if (code !== undefined) return code;
  if (httpStatus >= 200 && httpStatus < 300) return status.OK;
  if (httpStatus >= 400 && httpStatus < 500) return status.FAILED_PRECONDITION;
  if (httpStatus >= 500 && httpStatus < 600) return status.INTERNAL;
  return status.UNKNOWN;
}
