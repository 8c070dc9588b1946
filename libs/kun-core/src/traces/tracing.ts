import type { Tracer, TracerProvider } from '@opentelemetry/api';
import type { Logger } from 'pino';
import { settledWithin, systemClock, type Clock } from '../clock.js';
import type { Identity } from '../identity/identity.js';
import { resourceAttributes } from '../identity/resource-attributes.js';
import { importOptionalPackage } from '../optional-package.js';
import { AskedTraces } from './asked-traces.js';
import { CallPropagator, DEFAULT_PROPAGATION, type Propagation } from './call-propagator.js';
import { CallTracerProvider } from './call-tracer.js';
import { registerTracing } from './register-tracing.js';
import { SpanBatcher, type OutageReporter } from './export/span-batcher.js';
import { FailoverExporter, type SpanExporter } from './export/span-exporter.js';
import { TimedExporter } from './export/timed-exporter.js';
import { RatioSampler, TrustedCallers, type CallerTrust } from './trace-sampling.js';

export interface TracingOptions {
  /** Becomes the resource of all spans. */
  readonly identity: Identity;
  /** Logs outages of collectors. */
  readonly logger: Pick<Logger, 'warn' | 'info'>;
  /** URLs of Zipkin collectors; spans go to the first that accepts them. Default: none */
  readonly zipkin?: readonly string[];
  /** An OTLP collector. Default: none */
  readonly otlp?: OtlpOptions | undefined;
  /** Additional exporters, such as a test's recorder. Default: none */
  readonly exporters?: readonly SpanExporter[];
  /** The share of the traces beginning here that is sampled, 0 to 1; in others the caller decides. Default: 1 */
  readonly sampleRatio?: number;
  /** Whether callers' sampling decisions are honoured. Default: capped */
  readonly trustCallers?: CallerTrust;
  /** How long spans are batched, in milliseconds. Default: 5000 */
  readonly batchDelayMs?: number;
  /** How long a collector may take to respond, in milliseconds, its exporter's retries included. Default: 10 000 */
  readonly exportTimeoutMs?: number;
  /** How trace context and baggage are propagated. Default: W3C, single B3 and baggage */
  readonly propagation?: Propagation;
  /** Additional resource attributes, overriding the identity's. Default: none */
  readonly resource?: Readonly<Record<string, string>>;
  /** Whether to register with OpenTelemetry's API, if nothing else is registered. Default: false */
  readonly global?: boolean;
  /** Default: the system clock */
  readonly clock?: Clock;
}

/** The default of `OTEL_EXPORTER_OTLP_TIMEOUT`. */
const DEFAULT_EXPORT_TIMEOUT_MS = 10_000;

export interface OtlpOptions {
  /** `http://collector:4317` for `grpc`; for `http` the path /v1/traces is added if there is none. */
  readonly endpoint: string;
  readonly protocol: 'grpc' | 'http';
}

/** The packages that all tracing requires. */
const SDK = ['@opentelemetry/sdk-trace', '@opentelemetry/resources'] as const;

const ZIPKIN = '@opentelemetry/exporter-zipkin';
const OTLP_GRPC = '@opentelemetry/exporter-trace-otlp-grpc';
const OTLP_HTTP = '@opentelemetry/exporter-trace-otlp-http';

/** The tracing of one application. */
export interface Tracing {
  /** For kun's interceptors. */
  readonly tracer: Tracer;
  readonly sampler: RatioSampler;
  readonly callers: TrustedCallers;
  /** Calls that are traced on request. */
  readonly asked: AskedTraces;
  readonly propagation: Propagation;
  /** For users: spans of its tracers descend from the current call. */
  readonly provider: TracerProvider;
  /** Spans that no collector accepted. */
  readonly lostSpans: number;
  /**
   * Sends pending spans; resolves to false when that took longer than `timeoutMs`, and the rest was lost. Never
   * rejects.
   */
  shutdown(timeoutMs: number): Promise<boolean>;
}

/**
 * Loads OpenTelemetry's SDK and the configured exporters.
 *
 * @throws {MissingPackageError} when one of them is not installed; all are optional peer dependencies.
 * @throws {RangeError} when the ratio is not between 0 and 1.
 */
export async function openTracing(options: TracingOptions): Promise<Tracing> {
  const sampler = new RatioSampler(options.sampleRatio ?? 1);
  const clock = options.clock ?? systemClock;
  const timed: TimedExporter[] = [];
  const limited = (exporter: SpanExporter): TimedExporter => {
    const limit = new TimedExporter(exporter, options.exportTimeoutMs ?? DEFAULT_EXPORT_TIMEOUT_MS, clock);
    timed.push(limit);
    return limit;
  };
  const batchers = (await loadExporters(options, limited)).map(
    ([name, exporter]) =>
      new SpanBatcher({
        exporter,
        clock,
        delayMs: options.batchDelayMs,
        reporter: outageReporter(name, options.logger),
      }),
  );
  const sdk = await importOptionalPackage(() => import('@opentelemetry/sdk-trace'), SDK, 'Tracing');
  const { defaultResource, resourceFromAttributes } = await importOptionalPackage(
    () => import('@opentelemetry/resources'),
    SDK,
    'Tracing',
  );
  const provider = new sdk.TracerProvider({
    resource: defaultResource().merge(
      resourceFromAttributes({ ...resourceAttributes(options.identity), ...options.resource }),
    ),
    sampler,
    spanProcessors: batchers,
  });
  const { propagation = DEFAULT_PROPAGATION } = options;
  const unregister = options.global ? registerTracing(provider, new CallPropagator(propagation)) : undefined;
  return {
    propagation,
    tracer: provider.getTracer('@kun/core'),
    sampler,
    callers: new TrustedCallers(options.trustCallers ?? 'capped'),
    asked: new AskedTraces(),
    provider: new CallTracerProvider(provider),
    get lostSpans() {
      return batchers.reduce((total, { lostSpans }) => total + lostSpans, 0);
    },
    async shutdown(timeoutMs) {
      unregister?.();
      const sent = await settledWithin(provider.shutdown(), timeoutMs);
      for (const batcher of batchers) batcher.giveUp();
      for (const exporter of timed) exporter.abort();
      return sent;
    },
  };
}

async function loadExporters(
  options: TracingOptions,
  limited: (exporter: SpanExporter) => SpanExporter,
): Promise<Array<[name: string, exporter: SpanExporter]>> {
  const exporters: Array<[string, SpanExporter]> = [];
  const { zipkin = [], otlp, exportTimeoutMs: timeoutMs = DEFAULT_EXPORT_TIMEOUT_MS } = options;
  if (zipkin.length > 0) {
    const { ZipkinExporter } = await importOptionalPackage(
      () => import('@opentelemetry/exporter-zipkin'),
      [...SDK, ZIPKIN],
      'Zipkin.Hosts',
    );
    exporters.push([
      zipkin.join(', '),
      new FailoverExporter(zipkin.map((url) => limited(new ZipkinExporter({ url })))),
    ]);
  }
  if (otlp) exporters.push([otlp.endpoint, limited(await loadOtlp(otlp, timeoutMs))]);
  for (const exporter of options.exporters ?? []) exporters.push(['an exporter', limited(exporter)]);
  return exporters;
}

async function loadOtlp(otlp: OtlpOptions, timeoutMillis: number): Promise<SpanExporter> {
  if (otlp.protocol === 'grpc') {
    const { OTLPTraceExporter } = await importOptionalPackage(
      () => import('@opentelemetry/exporter-trace-otlp-grpc'),
      [...SDK, OTLP_GRPC],
      'OTLP over gRPC',
    );
    return new OTLPTraceExporter({ url: otlp.endpoint, timeoutMillis });
  }
  const { OTLPTraceExporter } = await importOptionalPackage(
    () => import('@opentelemetry/exporter-trace-otlp-http'),
    [...SDK, OTLP_HTTP],
    'OTLP over HTTP',
  );
  const url = new URL(otlp.endpoint);
  if (url.pathname === '/') url.pathname = '/v1/traces';
  return new OTLPTraceExporter({ url: url.href, timeoutMillis });
}

function outageReporter(name: string, logger: Pick<Logger, 'warn' | 'info'>): OutageReporter {
  return {
    failing: (err) =>
      logger.warn({ err }, `Spans cannot be sent to ${name}; they are dropped until it accepts them again`),
    recovered: (lost) => logger.info({ spans_lost: lost }, `Spans are sent to ${name} again`),
  };
}
