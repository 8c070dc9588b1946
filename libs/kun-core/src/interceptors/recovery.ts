import { status } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import type { Clock } from '../clock.js';
import { CALLERS_LINES, LineSampler } from '../logs/line-sampler.js';
import type { Ending, RpcCall } from '../rpc/rpc-call.js';
import type { Interceptor } from '../rpc/interceptor.js';
import { PUSHBACK_HEADER, retriedBeyond } from '../rpc/attempts.js';
import { findDetail } from '../status/wire/service-error.js';
import { StatusError } from '../status/status-error.js';

export interface RecoveryParts {
  /** Converts errors: `toStatusError` with the application's options. */
  readonly toStatusError: (thrown: unknown) => StatusError;
  /**
   * Called with what was thrown after the call had ended, when the caller could no longer be answered. Default: none
   */
  readonly onLateError?: (call: RpcCall, thrown: unknown) => void;
  /**
   * Fail-fast (`GRPCServer.Recovery: false`): called with an unexpected error once the caller got INTERNAL. As with a
   * panic in Go, the process can no longer be trusted: drain and exit 1. Default: keep running
   */
  readonly onPanic?: (call: RpcCall, thrown: unknown) => void;
}

/**
 * Converts what a handler throws, synchronously or later, into the status sent to its caller. The innermost
 * interceptor: further out a call only ends, it never throws.
 */
export function recoveryInterceptor(parts: RecoveryParts): Interceptor {
  const recover = (call: RpcCall, thrown: unknown): Promise<Ending> => {
    if (call.ending) {
      parts.onLateError?.(call, thrown);
      return Promise.resolve(call.ending);
    }
    const error = parts.toStatusError(thrown);
    if (call.get(retriedBeyond)) forbidRetry(call, error, thrown);
    const ended = new Promise<Ending>((resolve) => call.onEnd(resolve));
    call.end(error);
    if (isPanic(error)) parts.onPanic?.(call, thrown);
    return ended;
  };

  return (next) => (call) => {
    try {
      return next(call).catch((thrown: unknown) => recover(call, thrown));
    } catch (thrown) {
      return recover(call, thrown);
    }
  };
}

/**
 * The caller must not multiply attempts already made further down, whatever the error is. A handler that knows better
 * sets RetryInfo on its own error, or the header itself.
 */
function forbidRetry(call: RpcCall, error: StatusError, thrown: unknown): void {
  const said = [error.metadata, call.responseTrailers].some((each) => each.get(PUSHBACK_HEADER).length > 0);
  const own = error === thrown && findDetail(error, 'google.rpc.RetryInfo') !== undefined;
  if (!said && !own) call.responseTrailers.set(PUSHBACK_HEADER, '-1');
}

/** The error carried nothing that was meant for a caller. */
function isPanic(error: StatusError): boolean {
  return error.code === status.INTERNAL && error.hidesCause;
}

/**
 * Logs what code under a call threw when the caller could no longer be answered. Errors of handlers that gave up
 * because they were told to are not logged. Callers who cancel determine the rate of these lines, so they are limited
 * to what {@link CALLERS_LINES} allows.
 */
export function reportLateErrors(
  logger: Logger,
  clock: Pick<Clock, 'now'>,
): (call: RpcCall, error: unknown) => void {
  const sampler = new LineSampler(CALLERS_LINES);
  return (call, error) => {
    if (error instanceof StatusError || (error instanceof Error && error.name === 'AbortError')) return;
    const skipped = sampler.take(clock.now());
    if (skipped === undefined) return;
    const fields = {
      'grpc.service': call.method.service,
      'grpc.method': call.method.name,
      request_id: call.requestId,
      'peer.address': call.peer,
      ...(skipped > 0 && { 'log.skipped': skipped }),
    };
    logger.warn({ ...fields, err: error }, 'failed after the call had ended');
  };
}
