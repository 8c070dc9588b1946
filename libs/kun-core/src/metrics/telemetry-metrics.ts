import { Counter, type Registry } from 'prom-client';
import { LINE_LEVELS, type ApplicationLogger } from '../logs/application-logger.js';
import type { Tracing } from '../traces/tracing.js';

/** `kun_log_lines_total{level}` and `kun_log_lines_dropped_total` (`Logger.Prometheus`): read when scraped. */
export function exposeLogMetrics(logger: ApplicationLogger, registry: Registry): void {
  const lines: Counter<'level'> = new Counter({
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
  const lost: Counter = new Counter({
    name: 'kun_spans_lost_total',
    help: 'Spans that no collector took',
    registers: [registry],
    collect() {
      lost.reset();
      lost.inc(tracing.lostSpans);
    },
  });
}
