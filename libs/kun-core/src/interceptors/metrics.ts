import type { Interceptor } from '../rpc/interceptor.js';
import type { CallMetrics } from '../telemetry/call-metrics.js';

/** Counts and times every call. Server and client differ in the {@link CallMetrics} they are given. */
export function metricsInterceptor(metrics: CallMetrics): Interceptor {
  return (next) => (call) => {
    const counts = metrics.start(call);
    call.onEnd((ending) => counts.end(call, ending));
    return next(call);
  };
}
