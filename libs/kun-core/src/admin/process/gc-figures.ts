import type { Registry } from 'prom-client';
import type { StatusAnswer } from '../answers/process.js';

/** The metrics' counts of garbage collections, by kind; empty when they have none. */
export async function gcFigures(registry: Registry): Promise<StatusAnswer['gc']> {
  const metric = registry.getSingleMetric('nodejs_gc_duration_seconds');
  if (!metric) return {};
  const kinds: Record<string, { count: number; seconds: number }> = {};
  const { values } = (await metric.get()) as unknown as { readonly values: readonly Sample[] };
  for (const { metricName = '', labels, value } of values) {
    const { kind = 'other' } = labels;
    const figures = (kinds[kind] ??= { count: 0, seconds: 0 });
    if (metricName.endsWith('_count')) figures.count = value;
    if (metricName.endsWith('_sum')) figures.seconds = Math.round(value * 1e6) / 1e6;
  }
  return kinds;
}

interface Sample {
  readonly metricName?: string;
  readonly labels: { readonly kind?: string };
  readonly value: number;
}
