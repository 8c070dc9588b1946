import { status } from '@grpc/grpc-js';
import { StatusError, type StatusErrorOptions } from './status-error.js';

// The meanings follow google/rpc/code.proto.

/** The caller, or somebody on its behalf, gave the call up */
export function cancelled(message: string, options?: StatusErrorOptions): StatusError {
  return new StatusError(status.CANCELLED, message, options);
}

/** It failed and nothing says how; prefer any other code */
export function unknown(message: string, options?: StatusErrorOptions): StatusError {
  return new StatusError(status.UNKNOWN, message, options);
}

/** The request is wrong, whatever the state of the system; name the fields with `badRequest()` */
export function invalidArgument(message: string, options?: StatusErrorOptions): StatusError {
  return new StatusError(status.INVALID_ARGUMENT, message, options);
}

/** Time ran out; the work may have been done all the same */
export function deadlineExceeded(message: string, options?: StatusErrorOptions): StatusError {
  return new StatusError(status.DEADLINE_EXCEEDED, message, options);
}

/** What was asked for does not exist, or is hidden from a whole class of callers */
export function notFound(message: string, options?: StatusErrorOptions): StatusError {
  return new StatusError(status.NOT_FOUND, message, options);
}

/** What was to be created is there already */
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

/** This service does not do that */
export function unimplemented(message: string, options?: StatusErrorOptions): StatusError {
  return new StatusError(status.UNIMPLEMENTED, message, options);
}

/** Something that must hold does not: a defect of the service */
export function internal(message: string, options?: StatusErrorOptions): StatusError {
  return new StatusError(status.INTERNAL, message, options);
}

/** For the moment the service cannot answer; the caller may retry this very call after a pause */
export function unavailable(message: string, options?: StatusErrorOptions): StatusError {
  return new StatusError(status.UNAVAILABLE, message, options);
}

/** Data is lost or damaged for good */
export function dataLoss(message: string, options?: StatusErrorOptions): StatusError {
  return new StatusError(status.DATA_LOSS, message, options);
}

/** Nobody knows who the caller is: credentials are missing or wrong */
export function unauthenticated(message: string, options?: StatusErrorOptions): StatusError {
  return new StatusError(status.UNAUTHENTICATED, message, options);
}
