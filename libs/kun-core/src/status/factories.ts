import { status } from '@grpc/grpc-js';
import { StatusError, type StatusErrorOptions } from './status-error.js';

// The meanings follow google/rpc/code.proto.

/** The caller, or somebody on its behalf, cancelled the call */
export function cancelled(message: string, options?: StatusErrorOptions): StatusError {
  return new StatusError(status.CANCELLED, message, options);
}

/** It failed for an unknown reason; prefer any other code */
export function unknown(message: string, options?: StatusErrorOptions): StatusError {
  return new StatusError(status.UNKNOWN, message, options);
}

/** The request is wrong, whatever the state of the system; name the fields with `badRequest()` */
export function invalidArgument(message: string, options?: StatusErrorOptions): StatusError {
  return new StatusError(status.INVALID_ARGUMENT, message, options);
}

/** Time ran out; the work may still have been done */
export function deadlineExceeded(message: string, options?: StatusErrorOptions): StatusError {
  return new StatusError(status.DEADLINE_EXCEEDED, message, options);
}

/** The resource does not exist, or is hidden from a whole class of callers */
export function notFound(message: string, options?: StatusErrorOptions): StatusError {
  return new StatusError(status.NOT_FOUND, message, options);
}

/** The resource to be created already exists */
export function alreadyExists(message: string, options?: StatusErrorOptions): StatusError {
  return new StatusError(status.ALREADY_EXISTS, message, options);
}

/** The caller is known and may not do this */
export function permissionDenied(message: string, options?: StatusErrorOptions): StatusError {
  return new StatusError(status.PERMISSION_DENIED, message, options);
}

/** A quota or a resource is used up; say when to come back with `retryInfo()` */
export function resourceExhausted(message: string, options?: StatusErrorOptions): StatusError {
  return new StatusError(status.RESOURCE_EXHAUSTED, message, options);
}

/** The system is not in the state that the operation needs; do not retry before that has changed */
export function failedPrecondition(message: string, options?: StatusErrorOptions): StatusError {
  return new StatusError(status.FAILED_PRECONDITION, message, options);
}

/** Lost a race, such as a transaction's; retry the whole sequence, not this call alone */
export function aborted(message: string, options?: StatusErrorOptions): StatusError {
  return new StatusError(status.ABORTED, message, options);
}

/** Past the end, such as of a file or a list; it may become valid when the system's state changes */
export function outOfRange(message: string, options?: StatusErrorOptions): StatusError {
  return new StatusError(status.OUT_OF_RANGE, message, options);
}

/** This service does not implement it */
export function unimplemented(message: string, options?: StatusErrorOptions): StatusError {
  return new StatusError(status.UNIMPLEMENTED, message, options);
}

/** An invariant is broken: a defect of the service */
export function internal(message: string, options?: StatusErrorOptions): StatusError {
  return new StatusError(status.INTERNAL, message, options);
}

/** The service cannot answer at the moment; the caller may retry this call after a pause */
export function unavailable(message: string, options?: StatusErrorOptions): StatusError {
  return new StatusError(status.UNAVAILABLE, message, options);
}

/** Data is lost or damaged for good */
export function dataLoss(message: string, options?: StatusErrorOptions): StatusError {
  return new StatusError(status.DATA_LOSS, message, options);
}

/** The caller is not authenticated: credentials are missing or wrong */
export function unauthenticated(message: string, options?: StatusErrorOptions): StatusError {
  return new StatusError(status.UNAUTHENTICATED, message, options);
}
