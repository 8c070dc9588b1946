import { callSpanInterceptor } from '../interceptors/call-span.js';
import { callCountInterceptor, metricsInterceptor } from '../interceptors/metrics.js';
import { loggingInterceptor } from '../interceptors/logging.js';
import { outgoingRequestIdInterceptor } from '../interceptors/request-id.js';
import { payloadLoggingInterceptor } from '../interceptors/payload-logging.js';
import { recentCallsInterceptor } from '../interceptors/recent-calls.js';
import { tracingInterceptor } from '../interceptors/tracing.js';
import { type Interceptor, rebuiltInterceptor } from '../rpc/interceptor.js';
import type { ApplicationLogger } from '../logs/application-logger.js';
import type { CallMetrics } from '../metrics/call-metrics.js';
import type { MethodShapes } from '../proto/message-shape.js';
import type { ClientCallCounts } from '../metrics/client-calls.js';
import type { CallLogging } from '../settings/live-settings.js';
import type { RecentSide } from '../recent/recent-calls.js';
import type { Tracing } from '../traces/tracing.js';

/** What the chain of an upstream's client is built from; the configuration switches the parts on and off. */
export interface ClientChainParts {
  readonly upstream: string;
  readonly settings: {
    readonly tracingEnabled: boolean;
    readonly metricsEnabled: boolean;
    readonly loggingEnabled: boolean;
  };
  readonly logger: ApplicationLogger;
  /** Per attempt: `grpc_client_*`. */
  readonly metrics: CallMetrics;
  /** Per call: `kun_client_calls_total`. */
  readonly calls: ClientCallCounts;
  readonly tracing: Pick<Tracing, 'tracer' | 'sampler' | 'propagation'> | undefined;
  readonly messageEvents: boolean;
  /** The admin port's recent attempts; `undefined` when there is no admin port. */
  readonly recent: RecentSide | undefined;
  /** Follows the configuration: the format of log lines, and whether content is logged. */
  readonly logging: CallLogging;
  /** The message shapes of each method, from the proto; needed when content is logged. */
  readonly shapes: () => ReadonlyMap<string, MethodShapes>;
  /** Adds the routes to the metadata. */
  readonly routes: Interceptor;
  /** The retry, or the interceptor that leaves retries to the mesh. */
  readonly retry: Interceptor | undefined;
  /** The service's own interceptors for this upstream. */
  readonly own: readonly Interceptor[];
}

/** The client's chain, outermost first. */
export function defaultClientInterceptors(parts: ClientChainParts): Interceptor[] {
  const { upstream, settings, logger, metrics, calls, tracing, messageEvents, logging } = parts;
  return [
    // Outside the retry: a call counts once, whatever the number of attempts.
    settings.metricsEnabled ? callCountInterceptor(calls, upstream) : undefined,
    settings.loggingEnabled ? outgoingRequestIdInterceptor() : undefined,
    parts.routes,
    tracing && settings.tracingEnabled ? callSpanInterceptor(tracing) : undefined,
    ...parts.own,
    // From here inwards, interceptors run once per attempt.
    parts.retry,
    tracing && settings.tracingEnabled
      ? tracingInterceptor(tracing, { side: 'client', messageEvents, propagation: tracing.propagation })
      : undefined,
    settings.metricsEnabled ? metricsInterceptor(metrics) : undefined,
    parts.recent && recentCallsInterceptor(parts.recent),
    settings.loggingEnabled
      ? rebuiltInterceptor(() => {
          const { codeNames, sampling } = logging.current();
          return loggingInterceptor(logger, { side: 'client', codeNames, sampling });
        }, logging.onChange)
      : undefined,
    rebuiltInterceptor(() => {
      const { contentMaxLength: maxLength, redact } = logging.current();
      if (maxLength === undefined) return undefined;
      return payloadLoggingInterceptor(logger, { side: 'client', maxLength, shapes: parts.shapes(), redact });
    }, logging.onChange),
  ].filter((interceptor) => interceptor !== undefined);
}
