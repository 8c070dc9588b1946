import type { Logger } from 'pino';
import type { Clock } from '../clock.js';
import type { RpcCall } from '../rpc/rpc-call.js';
import { CALLERS_LINES, LineSampler } from './line-sampler.js';
import { StatusError } from '../status/status-error.js';

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
