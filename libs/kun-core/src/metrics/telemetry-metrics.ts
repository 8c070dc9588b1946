import { Counter, type Registry } from 'prom-client';
import { LINE_LEVELS, type ApplicationLogger } from '../logs/application-logger.js';
import type { Tracing } from '../traces/tracing.js';
import type { MetricExport } from './metric-export.js';

/** `kun_log_lines_total{level}` and `kun_log_lines_dropped_total` (`Logger.Prometheus`): read when scraped. */
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
    help: 'Log lines given up because nobody took them',
    registers: [registry],
    collect() {
      dropped.reset();
      dropped.inc(logger.linesDropped);
    },
  });
}

/** `kun_spans_lost_total`: spans that no collector took, read when scraped. */
export function exposeTracingMetrics(tracing: Pick<Tracing, 'lostSpans'>, registry: Registry): void {
  exposeLosses('kun_spans_lost_total', 'Spans that no collector took', registry, () => tracing.lostSpans);
}

/** `kun_metric_exports_failed_total`: exports of metrics that the collector did not take, read when scraped. */
export function exposeMetricExport(exported: Pick<MetricExport, 'failedExports'>, registry: Registry): void {
  const help = 'Exports of metrics that the collector did not take';
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
