import type { Interceptor } from '../rpc/interceptor.js';
import type { ClientCallCounts } from '../telemetry/client-calls.js';

/** Counts the calls made to an upstream, outside of the retry: one for all attempts. */
export function callCountInterceptor(counts: ClientCallCounts, upstream: string): Interceptor {
  return (next) => async (call) => {
    const ending = await next(call);
    counts.add(upstream, call.method, ending.code);
    return ending;
  };
}
