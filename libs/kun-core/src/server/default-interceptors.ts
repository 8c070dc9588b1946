import { contextInterceptor } from '../interceptors/context.js';
import { loggingInterceptor } from '../interceptors/logging.js';
import { metricsInterceptor } from '../interceptors/metrics.js';
import { payloadLoggingInterceptor } from '../interceptors/payload-logging.js';
import { recentCallsInterceptor } from '../interceptors/recent-calls.js';
import { recoveryInterceptor, type RecoveryParts } from '../interceptors/recovery.js';
import { requestIdInterceptor } from '../interceptors/request-id.js';
import { tracingInterceptor } from '../interceptors/tracing.js';
import { type Interceptor, rebuiltInterceptor } from '../rpc/interceptor.js';
import type { ApplicationLogger } from '../logs/application-logger.js';
import type { CallMetrics } from '../metrics/call-metrics.js';
import type { MethodShapes } from '../proto/message-shape.js';
import type { CallLogging } from '../settings/live-settings.js';
import type { RecentSide } from '../recent/recent-calls.js';
import type { Tracing } from '../traces/tracing.js';

/** What the server's chain is built from; the configuration switches the parts on and off. */
export interface ServerChainParts {
  readonly settings: {
    readonly recoveryEnabled: boolean;
    readonly tagsEnabled: boolean;
    readonly tracingEnabled: boolean;
    readonly metricsEnabled: boolean;
    readonly loggingEnabled: boolean;
  };
  readonly logger: ApplicationLogger;
  readonly metrics: CallMetrics;
  /** `undefined` when no exporter is configured. */
  readonly tracing: Pick<Tracing, 'tracer' | 'sampler' | 'callers' | 'asked' | 'propagation'> | undefined;
  /** Whether each message adds an event to the span. */
  readonly messageEvents: boolean;
  /** The admin port's recent calls; `undefined` when there is no admin port. */
  readonly recent: RecentSide | undefined;
  readonly logging: CallLogging;
  /** The message shapes of each method, from the protos; needed when content is logged. */
  readonly shapes: () => ReadonlyMap<string, MethodShapes>;
  /** Takes over the caller's routes. */
  readonly routes: Interceptor;
  readonly recovery: RecoveryParts;
  /** The service's own interceptors. */
  readonly own: readonly Interceptor[];
}

/** The server's chain, outermost first. */
export function defaultServerInterceptors(parts: ServerChainParts): Interceptor[] {
  const { settings, logger, metrics, tracing, messageEvents, logging, recovery, own } = parts;
  const { tagsEnabled: tags } = settings;
  const { onPanic, ...goingOn } = recovery;
  return [
    // Makes the call the current one for everything inside.
    contextInterceptor(),
    // Before everything that logs or forwards the request id.
    on(settings.loggingEnabled, () => requestIdInterceptor()),
    parts.routes,
    // Outside the log line, which carries the trace id.
    tracing && settings.tracingEnabled
      ? tracingInterceptor(tracing, { messageEvents, tags, propagation: tracing.propagation })
      : undefined,
    // Outside everything that may refuse a call, so that refused calls count too.
    on(settings.metricsEnabled, () => metricsInterceptor(metrics)),
    parts.recent && recentCallsInterceptor(parts.recent),
    on(settings.loggingEnabled, () =>
      rebuiltInterceptor(() => {
        const { codeNames, sampling } = logging.current();
        return loggingInterceptor(logger, { tags, codeNames, sampling });
      }, logging.onChange),
    ),
    rebuiltInterceptor(() => {
      const { contentMaxLength: maxLength, redact } = logging.current();
      if (maxLength === undefined) return undefined;
      return payloadLoggingInterceptor(logger, { maxLength, shapes: parts.shapes(), redact, tags });
    }, logging.onChange),
    ...own,
    // Innermost: the interceptors outside see calls that end, never calls that throw.
    recoveryInterceptor(settings.recoveryEnabled || !onPanic ? goingOn : { ...goingOn, onPanic }),
  ].filter((interceptor) => interceptor !== undefined);
}

function on(enabled: boolean, make: () => Interceptor): Interceptor | undefined {
  return enabled ? make() : undefined;
}
