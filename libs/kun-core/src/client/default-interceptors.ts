import { callCountInterceptor } from '../interceptors/call-count.js';
import { loggingInterceptor } from '../interceptors/logging.js';
import { metricsInterceptor } from '../interceptors/metrics.js';
import { outgoingRequestIdInterceptor } from '../interceptors/outgoing-request-id.js';
import { tracingInterceptor } from '../interceptors/tracing.js';
import type { Interceptor } from '../rpc/interceptor.js';
import type { ApplicationLogger } from '../telemetry/application-logger.js';
import type { CallMetrics } from '../telemetry/call-metrics.js';
import type { ClientCallCounts } from '../telemetry/client-calls.js';
import type { Tracing } from '../telemetry/tracing.js';

/** What the chain of an upstream's client is made of; the switches are the configuration's. */
export interface ClientChainParts {
  readonly upstream: string;
  readonly settings: {
    readonly tracingEnabled: boolean;
    readonly metricsEnabled: boolean;
    readonly loggingEnabled: boolean;
  };
  readonly logger: ApplicationLogger;
  /** Of attempts: `grpc_client_*`. */
  readonly metrics: CallMetrics;
  /** Of calls: `kun_client_calls_total`. */
  readonly calls: ClientCallCounts;
  readonly tracing: Pick<Tracing, 'tracer' | 'sampler'> | undefined;
  readonly messageEvents: boolean;
  /** Puts the routes into the metadata. */
  readonly routes: Interceptor;
  /** The retry, or what leaves it to the mesh. */
  readonly retry: Interceptor | undefined;
  /** The service's own, for this upstream. */
  readonly own: readonly Interceptor[];
}

/** The client's chain, outermost first. */
export function defaultClientInterceptors(parts: ClientChainParts): Interceptor[] {
  const { upstream, settings, logger, metrics, calls, tracing, messageEvents } = parts;
  return [
    // Outside of the retry: a call counts once, whatever it took.
    settings.metricsEnabled ? callCountInterceptor(calls, upstream) : undefined,
    settings.loggingEnabled ? outgoingRequestIdInterceptor() : undefined,
    parts.routes,
    ...parts.own,
    // From here inwards once for each attempt.
    parts.retry,
    tracing && settings.tracingEnabled
      ? tracingInterceptor(tracing, { side: 'client', messageEvents })
      : undefined,
    settings.metricsEnabled ? metricsInterceptor(metrics) : undefined,
    settings.loggingEnabled ? loggingInterceptor(logger, { side: 'client' }) : undefined,
  ].filter((interceptor) => interceptor !== undefined);
}
