import type { CallMetrics } from '../metrics/call-metrics.js';
import type { ClientCallCounts } from '../metrics/client-calls.js';
import type { Interceptor } from '../rpc/interceptor.js';
import type { EndObserver } from '../rpc/rpc-call.js';

/** Counts and times every call. Server and client differ only in their {@link CallMetrics}. */
export function metricsInterceptor(metrics: CallMetrics): Interceptor {
  const ended: EndObserver = (ending, call) => metrics.end(call, ending);
  return (next) => (call) => {
    metrics.start(call);
    call.onEnd(ended);
    return next(call);
  };
}

/** Counts the calls made to an upstream, outside the retry: one for all attempts. */
export function callCountInterceptor(counts: ClientCallCounts, upstream: string): Interceptor {
  return (next) => async (call) => {
    const ending = await next(call);
    counts.add(upstream, call.method, ending.code);
    return ending;
  };
}
