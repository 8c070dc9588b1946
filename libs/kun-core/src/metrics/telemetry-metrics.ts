import { Counter, type Registry } from 'prom-client';
import { LINE_LEVELS, type ApplicationLogger } from '../logs/application-logger.js';
import type { Tracing } from '../traces/tracing.js';
import type { MetricExport } from './metric-export.js';

/** `kun_log_lines_total{level}` and `kun_log_lines_dropped_total` (`Logger.Prometheus`), read on scrape. */
export function exposeLogMetrics(logger: ApplicationLogger, registry: Registry): void {
  const lines = new Counter<'level'>({
    name: 'kun_log_lines_total',
    help: 'Log lines written',
    labelNames: ['level'],
    registers: [registry],
    collect() {
      lines.reset();
      for (const level of LINE_LEVELS) lines.inc({ level }, logger.linesWritten(level));
    },
  });
  const dropped: Counter = new Counter({
    name: 'kun_log_lines_dropped_total',
    help: 'Log lines dropped because nothing read them',
    registers: [registry],
    collect() {
      dropped.reset();
      dropped.inc(logger.linesDropped);
    },
  });
}

/** `kun_spans_lost_total`: spans that no collector accepted, read on scrape. */
export function exposeTracingMetrics(tracing: Pick<Tracing, 'lostSpans'>, registry: Registry): void {
  exposeLosses('kun_spans_lost_total', 'Spans that no collector accepted', registry, () => tracing.lostSpans);
}

/** `kun_metric_exports_failed_total`: metric exports that the collector did not accept, read on scrape. */
export function exposeMetricExport(exported: Pick<MetricExport, 'failedExports'>, registry: Registry): void {
  const help = 'Metric exports that the collector did not accept';
  exposeLosses('kun_metric_exports_failed_total', help, registry, () => exported.failedExports);
}

function exposeLosses(name: string, help: string, registry: Registry, read: () => number): void {
  const lost: Counter = new Counter({
    name,
    help,
    registers: [registry],
    collect() {
      lost.reset();
      lost.inc(read());
    },
  });
}
