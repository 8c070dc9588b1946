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
  /** The funnel: `toStatusError` with the application's options. */
  readonly toStatusError: (thrown: unknown) => StatusError;
  /** Told what was thrown when the call had ended before, so that nobody could be answered. Default: nobody is told */
  readonly onLateError?: (call: RpcCall, thrown: unknown) => void;
  /**
   * Fail-fast (`GRPCServer.Recovery: false`): told, once its caller got INTERNAL, of an error that nobody meant for a
   * caller. Like a panic in Go it says that the process can no longer be trusted: drain and exit 1. Default: go on
   */
  readonly onPanic?: (call: RpcCall, thrown: unknown) => void;
}

/**
 * Turns what a handler throws, at once or later, into the status its caller gets. The innermost of the chain: from here
 * outwards a call only ever ends, it never fails.
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
 * The caller shall not multiply attempts that were made further on, whatever the error is now. A handler that knows better
 * says when to come back, by RetryInfo on its own error or by the header itself.
 */
function forbidRetry(call: RpcCall, error: StatusError, thrown: unknown): void {
  const said = [error.metadata, call.responseTrailers].some((each) => each.get(PUSHBACK_HEADER).length > 0);
  const own = error === thrown && findDetail(error, 'google.rpc.RetryInfo') !== undefined;
  if (!said && !own) call.responseTrailers.set(PUSHBACK_HEADER, '-1');
}

/** The funnel found nothing in it that was meant for a caller. */
function isPanic(error: StatusError): boolean {
  return error.code === status.INTERNAL && error.hidesCause;
}

/**
 * Writes a line for what code under a call threw when nobody could be answered any more. That a handler gave up because
 * it was told to is no news. Callers who hang up set the pace of these lines, so there are as many as
 * {@link CALLERS_LINES} allows.
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
