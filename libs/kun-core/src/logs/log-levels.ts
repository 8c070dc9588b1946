import { status } from '@grpc/grpc-js';
import type { LineLevel } from './line-writer.js';

/** The level of the line of a call, by the code it ended with. */
export type LevelTable = Readonly<Record<status, LineLevel>>;

/** `DefaultServerCodeToLevel` of go-grpc-middleware v2: what is the caller's doing is info, what is ours an error. */
export const SERVER_LEVELS: LevelTable = {
  [status.OK]: 'info',
  [status.NOT_FOUND]: 'info',
  [status.CANCELLED]: 'info',
  [status.ALREADY_EXISTS]: 'info',
  [status.INVALID_ARGUMENT]: 'info',
  [status.UNAUTHENTICATED]: 'info',
  [status.DEADLINE_EXCEEDED]: 'warn',
  [status.PERMISSION_DENIED]: 'warn',
  [status.RESOURCE_EXHAUSTED]: 'warn',
  [status.FAILED_PRECONDITION]: 'warn',
  [status.ABORTED]: 'warn',
  [status.OUT_OF_RANGE]: 'warn',
  [status.UNAVAILABLE]: 'warn',
  [status.UNKNOWN]: 'error',
  [status.UNIMPLEMENTED]: 'error',
  [status.INTERNAL]: 'error',
  [status.DATA_LOSS]: 'error',
};

/** `DefaultClientCodeToLevel` of the same: the service that made the call says what it thinks of the answer. */
export const CLIENT_LEVELS: LevelTable = {
  [status.OK]: 'debug',
  [status.CANCELLED]: 'debug',
  [status.INVALID_ARGUMENT]: 'debug',
  [status.NOT_FOUND]: 'debug',
  [status.ALREADY_EXISTS]: 'debug',
  [status.RESOURCE_EXHAUSTED]: 'debug',
  [status.FAILED_PRECONDITION]: 'debug',
  [status.ABORTED]: 'debug',
  [status.OUT_OF_RANGE]: 'debug',
  [status.UNKNOWN]: 'info',
  [status.DEADLINE_EXCEEDED]: 'info',
  [status.PERMISSION_DENIED]: 'info',
  [status.UNAUTHENTICATED]: 'info',
  [status.UNIMPLEMENTED]: 'warn',
  [status.INTERNAL]: 'warn',
  [status.UNAVAILABLE]: 'warn',
  [status.DATA_LOSS]: 'warn',
};
