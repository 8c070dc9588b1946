import { status } from '@grpc/grpc-js';

/**
 * The names of the 17 codes as gRPC's documents write them; the index is the number on the wire.
 * Source: grpc/doc/statuscodes.md and google/rpc/code.proto.
 */
const CODE_NAMES = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const;

/**
 * The same names as grpc-go spells them (`codes.Code.String()`), one `l` in `Canceled` included, so that
 * dashboards made for go-grpc-prometheus keep working.
 */
const GO_CODE_NAMES = [
  'OK',
  'Canceled',
  'Unknown',
  'InvalidArgument',
  'DeadlineExceeded',
  'NotFound',
  'AlreadyExists',
  'PermissionDenied',
  'ResourceExhausted',
  'FailedPrecondition',
  'Aborted',
  'OutOfRange',
  'Unimplemented',
  'Internal',
  'Unavailable',
  'DataLoss',
  'Unauthenticated',
] as const;

/** A code's name in gRPC's own spelling, such as `NOT_FOUND` */
export type CodeName = (typeof CODE_NAMES)[number];

/** A code's name in grpc-go's spelling, such as `NotFound` */
export type GoCodeName = (typeof GO_CODE_NAMES)[number];

/** All codes in the order of their numbers, 0 (`OK`) to 16 (`UNAUTHENTICATED`) */
export const STATUS_CODES: readonly status[] = CODE_NAMES.map((name) => status[name]);

/** `NOT_FOUND` for 5. A number that is no code reads as `UNKNOWN`, as gRPC asks of every peer */
export function codeName(code: number): CodeName {
  return CODE_NAMES[code] ?? 'UNKNOWN';
}

/** `NotFound` for 5, grpc-go's spelling. A number that is no code reads as `Unknown` */
export function goCodeName(code: number): GoCodeName {
  return GO_CODE_NAMES[code] ?? 'Unknown';
}

/** Whether a value is one of the 16 codes that mean failure (1 to 16) */
export function isErrorCode(value: unknown): value is status {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value < CODE_NAMES.length;
}
