import { Gauge, register as processRegistry, Registry, type Metric } from 'prom-client';
import type { IdentityFields } from '../identity/identity.js';
import { OPENMETRICS_CONTENT_TYPE, openMetricsText } from './openmetrics.js';
import { collectProcessMetrics } from './process-metrics.js';

/** What a {@link Meter} measures beside what it is asked to. */
export interface MeterOptions {
  /** Shown by `kun_info`. */
  readonly identity: IdentityFields;
  /** Whether to add prom-client's metrics of the process and of Node. Default: true */
  readonly processMetrics?: boolean;
}

/** Text for a scrape. */
export interface Exposition {
  readonly contentType: string;
  readonly body: string;
}

/** The metrics of one application: two applications in one process share no registry. */
export class Meter {
  readonly registry = new Registry();
  private readonly release: () => void;

  constructor(options: MeterOptions) {
    const { domain, namespace, cluster, service, instance, version = '' } = options.identity;
    new Gauge({
      name: 'kun_info',
      help: 'Who this process is; always 1',
      labelNames: ['domain', 'namespace', 'cluster', 'service', 'instance', 'version'],
      registers: [this.registry],
    }).set({ domain, namespace, cluster, service, instance, version }, 1);
    this.release = options.processMetrics === false ? () => {} : collectProcessMetrics(this.registry);
  }

  /**
   * Takes a metric out of prom-client's registry of the process into this application's, as must be done with those that
   * `makeCounterProvider(...)` and its siblings make: they register with the process, and a second application asking
   * for the name would be given the first one's metric.
   *
   * @throws {Error} when the application has another metric of the name.
   */
  adopt(metric: Metric): void {
    const name = nameOf(metric);
    if (name === undefined || this.registry.getSingleMetric(name) === metric) return;
    this.registry.registerMetric(metric);
    if (processRegistry.getSingleMetric(name) === metric) processRegistry.removeSingleMetric(name);
  }

  /**
   * Everything to be scraped: the application's own metrics, then what libraries and users registered with the process
   * and nobody adopted. Where a name is in both, the application's counts: a name may stand there once only.
   */
  async expose(format: 'text' | 'openmetrics' = 'text'): Promise<Exposition> {
    if (format === 'openmetrics') {
      const others = processRegistry
        .getMetricsAsArray()
        .filter(({ name }) => !this.registry.getSingleMetric(name));
      const metrics = [...this.registry.getMetricsAsArray(), ...others] as unknown as Metric[];
      return { contentType: OPENMETRICS_CONTENT_TYPE, body: await openMetricsText(metrics) };
    }
    const parts = [await this.registry.metrics()];
    for (const metric of processRegistry.getMetricsAsArray()) {
      if (this.registry.getSingleMetric(metric.name)) continue;
      parts.push(`${await processRegistry.getSingleMetricAsString(metric.name)}\n`);
    }
    return { contentType: this.registry.contentType, body: parts.join('\n') };
  }

  /** Releases what the process metrics hold; metrics can still be scraped. */
  close(): void {
    this.release();
  }
}

/** Whether a provider's instance is one of prom-client's metrics, made by any copy of it. */
export function isMetric(value: unknown): value is Metric {
  return (
    typeof value === 'object' &&
    value !== null &&
    nameOf(value) !== undefined &&
    'labelNames' in value &&
    'registers' in value &&
    'get' in value &&
    typeof value.get === 'function'
  );
}

function nameOf(metric: object): string | undefined {
  return 'name' in metric && typeof metric.name === 'string' ? metric.name : undefined;
}
