import type { Logger } from 'pino';
import type { RpcCall } from '../rpc/rpc-call.js';
import { StatusError } from '../status/status-error.js';

/**
 * Writes a line for what code under a call threw when nobody could be answered any more. That a handler gave up because
 * it was told to is no news.
 */
export function reportLateErrors(logger: Logger): (call: RpcCall, error: unknown) => void {
  return (call, error) => {
    if (error instanceof StatusError || (error instanceof Error && error.name === 'AbortError')) return;
    const fields = {
      'grpc.service': call.method.service,
      'grpc.method': call.method.name,
      request_id: call.requestId,
    };
    logger.warn({ ...fields, err: error }, 'failed after the call had ended');
  };
}
