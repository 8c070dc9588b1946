import { Counter, type Registry } from 'prom-client';
import type { Tracing } from './tracing.js';

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
