import { status } from '@grpc/grpc-js';
import type { LineLevel } from './line-writer.js';

/** The log level of a call by its status code. */
export type LogLevels = Readonly<Record<status, LineLevel>>;

/**
 * `DefaultServerCodeToLevel` of go-grpc-middleware v2: what the caller caused is info, what the server caused is an
 * error.
 */
export const SERVER_LEVELS: LogLevels = {
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

/** `DefaultClientCodeToLevel` of go-grpc-middleware v2: the calling service decides what a failure means to it. */
export const CLIENT_LEVELS: LogLevels = {
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
