import { Histogram, type HistogramConfiguration } from 'prom-client';
import type { MethodCounts } from './method-counts.js';

type Snapshot = Awaited<ReturnType<Histogram['get']>>;

// prom-client declares an enum that does not exist at run time; its value is this string.
const HISTOGRAM = 'histogram' as unknown as Snapshot['type'];

/**
 * prom-client's histogram with values taken from {@link MethodCounts} on scrape. prom-client's own can only be filled
 * one observation at a time.
 */
export class MethodHistogram extends Histogram {
  constructor(
    private readonly configuration: HistogramConfiguration<string>,
    private readonly read: () => Iterable<MethodCounts>,
  ) {
    super(configuration);
  }

  override async get(): Promise<Snapshot> {
    const { name, help } = this.configuration;
    return { name, help, type: HISTOGRAM, aggregator: 'sum', collect: () => {}, values: this.values() };
  }

  /** prom-client's registry calls this instead of `get` if it exists. */
  getForPromString(): Promise<Snapshot> {
    return this.get();
  }

  private values(): Snapshot['values'] {
    const { name } = this.configuration;
    const bounds = this.configuration.buckets ?? [];
    const values: Snapshot['values'] = [];
    for (const counts of this.read()) {
      let count = 0;
      for (const [index, bound] of [...bounds, '+Inf'].entries()) {
        count += counts.bucketCounts[index] ?? 0;
        const labels = { ...counts.labels, le: bound };
        // Shown only in the OpenMetrics format.
        const exemplar = counts.exemplars[index];
        values.push({ metricName: `${name}_bucket`, labels, value: count, ...(exemplar && { exemplar }) });
      }
      values.push({ metricName: `${name}_sum`, labels: counts.labels, value: counts.totalSeconds });
      values.push({ metricName: `${name}_count`, labels: counts.labels, value: count });
    }
    return values;
  }
}
