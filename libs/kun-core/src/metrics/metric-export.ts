import type { HrTime } from '@opentelemetry/api';
import type * as Sdk from '@opentelemetry/sdk-metrics';
import type { HistogramMetricData, PushMetricExporter, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import type { Logger } from 'pino';
import { settledWithin, systemClock, type Clock } from '../clock.js';
import type { Identity } from '../identity/identity.js';
import { resourceAttributes } from '../identity/resource-attributes.js';
import { importOptionalPackage } from '../optional-package.js';
import { Outage } from '../traces/export/span-batcher.js';
import { TimedExporter } from '../traces/export/timed-exporter.js';
import type { OtlpOptions } from '../traces/tracing.js';
import { DURATION_BOUNDS, RpcDurations } from './rpc-durations.js';

export interface MetricExportOptions {
  /** Becomes the resource of all metrics. */
  readonly identity: Identity;
  /** Logs outages of the collector. */
  readonly logger: Pick<Logger, 'warn' | 'info'>;
  /** The collector. */
  readonly otlp: OtlpOptions;
  /** The export interval, in milliseconds. Default: 60 000, as for `OTEL_METRIC_EXPORT_INTERVAL` */
  readonly intervalMs?: number | undefined;
  /** How long an export may take, retries included, in milliseconds; never longer than the interval. Default: 10 000 */
  readonly exportTimeoutMs?: number | undefined;
  /** Additional resource attributes, overriding the identity's. Default: none */
  readonly resource?: Readonly<Record<string, string>>;
  /** Default: the system clock */
  readonly clock?: Clock;
}

const DEFAULT_INTERVAL_MS = 60_000;
const DEFAULT_EXPORT_TIMEOUT_MS = 10_000;

/** The packages that every metrics export requires. */
const SDK = ['@opentelemetry/sdk-metrics', '@opentelemetry/resources'] as const;

const OTLP_GRPC = '@opentelemetry/exporter-metrics-otlp-grpc';
const OTLP_HTTP = '@opentelemetry/exporter-metrics-otlp-http';

/** The metrics that an application sends to a collector. */
export interface MetricExport {
  /** `rpc.server.call.duration`. */
  readonly server: RpcDurations;
  /** `rpc.client.call.duration`: each attempt counts as a call, just as each is a span of kind `CLIENT`. */
  readonly client: RpcDurations;
  /**
   * Exports that the collector did not accept. Values are cumulative, so the next successful export makes up for them.
   */
  readonly failedExports: number;
  /**
   * Sends the final values; resolves to false when the collector did not accept them within `timeoutMs`. Never rejects.
   */
  shutdown(timeoutMs: number): Promise<boolean>;
}

/**
 * Loads OpenTelemetry's metrics SDK and the configured exporter, and starts exporting.
 *
 * @throws {MissingPackageError} when one of them is not installed; all are optional peer dependencies.
 */
export async function openMetricExport(options: MetricExportOptions): Promise<MetricExport> {
  const { otlp, identity, clock = systemClock, intervalMs = DEFAULT_INTERVAL_MS } = options;
  const timeoutMs = Math.min(options.exportTimeoutMs ?? DEFAULT_EXPORT_TIMEOUT_MS, intervalMs);
  const exporter = await loadExporter(otlp, timeoutMs);
  const sdk = await importOptionalPackage(() => import('@opentelemetry/sdk-metrics'), SDK, SETTING);
  const resources = await importOptionalPackage(() => import('@opentelemetry/resources'), SDK, SETTING);
  const outage = new Outage(
    {
      failing: (err) =>
        options.logger.warn(
          { err },
          `Metrics cannot be sent to ${otlp.endpoint}; it gets the totals once it accepts them again`,
        ),
      recovered: (failed) =>
        options.logger.info({ exports_failed: failed }, `Metrics are sent to ${otlp.endpoint} again`),
    },
    clock,
  );
  const counted = new CountedExporter(exporter, outage, timeoutMs, clock);
  const server = new RpcDurations('server');
  const client = new RpcDurations('client');
  const startMs = clock.now();
  const scopeMetrics = (): ScopeMetrics[] => {
    const metrics = [server, client]
      .map((durations) => histogramOf(durations, sdk, startMs, clock.now()))
      .filter(({ dataPoints }) => dataPoints.length > 0);
    return metrics.length === 0 ? [] : [{ scope: { name: '@kun/core' }, metrics }];
  };
  const resource = resources
    .defaultResource()
    .merge(resources.resourceFromAttributes({ ...resourceAttributes(identity), ...options.resource }));
  const reader = new sdk.PeriodicExportingMetricReader({
    exporter: counted,
    exportIntervalMillis: intervalMs,
    exportTimeoutMillis: intervalMs,
    metricProducers: [
      {
        collect: () =>
          Promise.resolve({ resourceMetrics: { resource, scopeMetrics: scopeMetrics() }, errors: [] }),
      },
    ],
  });
  const provider = new sdk.MeterProvider({ resource, readers: [reader] });
  return {
    server,
    client,
    get failedExports() {
      return outage.lost;
    },
    async shutdown(limitMs) {
      const done = await settledWithin(provider.shutdown(), limitMs);
      counted.abort();
      return done && counted.lastTaken;
    },
  };
}

/** The durations in the SDK's export format. */
function histogramOf(
  durations: RpcDurations,
  { AggregationTemporality, DataPointType }: Pick<typeof Sdk, 'AggregationTemporality' | 'DataPointType'>,
  startMs: number,
  nowMs: number,
): HistogramMetricData {
  const { name, description } = durations;
  const times = { startTime: hrTime(startMs), endTime: hrTime(nowMs) };
  return {
    descriptor: { name, description, unit: 's', valueType: DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPointType: DataPointType.HISTOGRAM,
    dataPoints: Array.from(durations.series(), ({ attributes, bucketCounts, totalSeconds }) => ({
      ...times,
      attributes,
      value: {
        buckets: { boundaries: [...DURATION_BOUNDS], counts: [...bucketCounts] },
        sum: totalSeconds,
        count: bucketCounts.reduce((total, count) => total + count, 0),
      },
    })),
  };
}

/** The setting that requires the packages, as named in errors. */
const SETTING = 'Metrics.Otlp';

/** `ValueType.DOUBLE` of OpenTelemetry's API, whose enum exists at run time only if imported. */
const DOUBLE = 1;

/** Limits the exporter's time, and counts failed exports. */
class CountedExporter implements PushMetricExporter {
  /** Whether the last export succeeded; true before the first. */
  lastTaken = true;
  private readonly timed: TimedExporter;

  constructor(
    private readonly exporter: PushMetricExporter,
    private readonly outage: Outage,
    timeoutMs: number,
    clock: Clock,
  ) {
    this.timed = new TimedExporter(
      {
        export: (metrics, report) =>
          exporter.export(metrics[0] as Parameters<PushMetricExporter['export']>[0], report),
        shutdown: () => exporter.shutdown(),
      },
      timeoutMs,
      clock,
    );
  }

  export(...[metrics, report]: Parameters<PushMetricExporter['export']>): void {
    this.timed.export([metrics], (result) => {
      this.lastTaken = result.code === 0;
      if (this.lastTaken) this.outage.recover();
      else this.outage.lose(1, result.error ?? new Error('the export failed'));
      // Reports success, because the reader would pass each failure to OpenTelemetry's global error handler.
      report({ code: 0 });
    });
  }

  forceFlush(): Promise<void> {
    return this.exporter.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.exporter.shutdown();
  }

  /** Abandons pending exports. */
  abort(): void {
    this.timed.abort();
  }
}

async function loadExporter(otlp: OtlpOptions, timeoutMillis: number): Promise<PushMetricExporter> {
  if (otlp.protocol === 'grpc') {
    const { OTLPMetricExporter } = await importOptionalPackage(
      () => import('@opentelemetry/exporter-metrics-otlp-grpc'),
      [...SDK, OTLP_GRPC],
      SETTING,
    );
    return new OTLPMetricExporter({ url: otlp.endpoint, timeoutMillis });
  }
  const { OTLPMetricExporter } = await importOptionalPackage(
    () => import('@opentelemetry/exporter-metrics-otlp-http'),
    [...SDK, OTLP_HTTP],
    SETTING,
  );
  const url = new URL(otlp.endpoint);
  if (url.pathname === '/') url.pathname = '/v1/metrics';
  return new OTLPMetricExporter({ url: url.href, timeoutMillis });
}

function hrTime(epochMs: number): HrTime {
  return [Math.trunc(epochMs / 1000), Math.round((epochMs % 1000) * 1e6)];
}
