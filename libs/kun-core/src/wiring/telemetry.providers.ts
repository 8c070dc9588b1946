import type { Provider } from '@nestjs/common';
import { provide } from './provide.js';
import { SecretScrubber } from '../admin/access/secret-scrubber.js';
import { RecentLines } from '../recent/recent-lines.js';
import { KUN_METRIC_EXPORT, KUN_RECENT_LINES, KUN_TRACING, clockOf } from './tokens.js';
import { readOtelEnvironment } from '../traces/otel-environment.js';
import { ApplicationLogger, openLogger } from '../logs/application-logger.js';
import { exposeConfigMetrics } from '../metrics/config-metrics.js';
import { exposeLogMetrics, exposeMetricExport, exposeTracingMetrics } from '../metrics/telemetry-metrics.js';
import { Meter } from '../metrics/meter.js';
import { openMetricExport, type MetricExport } from '../metrics/metric-export.js';
import { connectLog } from '../logs/nest-pino-logger.js';
import { openTracing, type Tracing } from '../traces/tracing.js';

/** Logs, metrics and traces. */
export const telemetryProviders: Provider[] = [
  provide(
    KUN_RECENT_LINES,
    ['settings', 'configuration', 'runtime'],
    ({ settings: { admin, operator }, configuration, runtime: { env = process.env } }) => {
      const { logLines } = operator;
      if (!admin || logLines === 0) return undefined;
      const scrubber = new SecretScrubber(configuration, env);
      return new RecentLines({ maxLines: logLines, scrub: scrubber.scrubLine });
    },
  ),
  provide(
    ApplicationLogger,
    ['identity', 'settings', 'log', 'runtime', 'entrance', 'recentLines'],
    async ({ identity, settings: { logger, grpc }, log, runtime, entrance, recentLines }) => {
      const opened = await openLogger({
        identity,
        level: logger.level.current,
        development: logger.development,
        tags: grpc.tagsEnabled,
        clock: clockOf(runtime),
        copy: recentLines?.add,
        ...(runtime.logDestination && { destination: runtime.logDestination }),
      });
      if (entrance) Object.assign(entrance, { logger: opened, logsForPeople: logger.development });
      connectLog(log, opened);
      logger.level.subscribe((level) => (opened.level = level));
      return opened;
    },
  ),
  provide(
    Meter,
    ['identity', 'settings', 'logger', 'configuration'],
    ({ identity, settings, logger, configuration }) => {
      const meter = new Meter({ identity });
      exposeConfigMetrics(() => configuration.status, meter.registry);
      if (settings.logger.metricsEnabled) exposeLogMetrics(logger, meter.registry);
      return meter;
    },
  ),
  provide(
    KUN_TRACING,
    ['identity', 'settings', 'logger', 'meter', 'runtime'],
    async ({
      identity,
      settings,
      logger: { pino },
      meter: { registry },
      runtime: { spanExporters = [], env = process.env },
    }): Promise<Tracing | undefined> => {
      const otel = readOtelEnvironment(env);
      for (const problem of otel.problems) pino.warn(`environment variable ${problem}`);
      if (otel.disabled) return undefined;
      const { tracing: own } = settings;
      // Collectors from the file override the environment's, so that spans are not accidentally sent to two places.
      const configured = settings.zipkin.endpoints.length > 0 || own.otlp !== undefined;
      const zipkin = configured || !otel.zipkin ? settings.zipkin.endpoints : [otel.zipkin];
      const otlp = configured ? own.otlp : otel.otlp;
      if (zipkin.length === 0 && !otlp && spanExporters.length === 0) return undefined;
      const tracing = await openTracing({
        identity,
        logger: pino,
        zipkin,
        otlp,
        exporters: spanExporters,
        sampleRatio: own.sampleRatio ?? otel.sampleRatio ?? 1,
        trustCallers: own.trustCallers ?? otel.trustCallers ?? 'capped',
        resource: otel.resource,
        global: own.global,
        ...(otel.propagation && { propagation: otel.propagation }),
        ...(otel.exportTimeoutMs && { exportTimeoutMs: otel.exportTimeoutMs }),
        ...(otel.batchDelayMs && { batchDelayMs: otel.batchDelayMs }),
      });
      exposeTracingMetrics(tracing, registry);
      return tracing;
    },
  ),
  provide(
    KUN_METRIC_EXPORT,
    ['identity', 'settings', 'logger', 'meter', 'runtime'],
    async ({
      identity,
      settings: { metrics: own },
      logger: { pino },
      meter: { registry },
      runtime,
    }): Promise<MetricExport | undefined> => {
      // Unsupported variables were already reported with the traces.
      const { disabled, resource, metrics: otel } = readOtelEnvironment(runtime.env ?? process.env);
      const otlp = own.otlp ?? otel.otlp;
      if (disabled || !otlp) return undefined;
      const exported = await openMetricExport({
        identity,
        logger: pino,
        otlp,
        resource,
        intervalMs: own.otlp?.intervalMs ?? otel.intervalMs,
        exportTimeoutMs: otel.exportTimeoutMs,
        clock: clockOf(runtime),
      });
      exposeMetricExport(exported, registry);
      return exported;
    },
  ),
];
