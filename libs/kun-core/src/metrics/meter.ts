import { Gauge, register as processRegistry, Registry, type Metric } from 'prom-client';
import type { IdentityFields } from '../identity/identity.js';
import { OPENMETRICS_CONTENT_TYPE, openMetricsText } from './openmetrics.js';
import { collectProcessMetrics } from './process-metrics.js';

/** Options of a {@link Meter}. */
export interface MeterOptions {
  /** Exposed as `kun_info`. */
  readonly identity: IdentityFields;
  /** Whether to add prom-client's process and Node metrics. Default: true */
  readonly processMetrics?: boolean;
}

/** The text of a scrape. */
export interface Exposition {
  readonly contentType: string;
  readonly body: string;
}

/** The metrics of one application; registries are not shared between applications in a process. */
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
   * Moves a metric from prom-client's process-wide registry to this application's. Required for those that
   * `makeCounterProvider(...)` and its siblings create: they register with the process, and a second application that
   * asks for the name would get the first one's metric.
   *
   * @throws {Error} when the application has another metric of that name.
   */
  adopt(metric: Metric): void {
    const name = nameOf(metric);
    if (name === undefined || this.registry.getSingleMetric(name) === metric) return;
    this.registry.registerMetric(metric);
    if (processRegistry.getSingleMetric(name) === metric) processRegistry.removeSingleMetric(name);
  }

  /**
   * Everything to scrape: the application's own metrics, then what libraries and users registered process-wide and
   * nobody adopted. If a name is in both, the application's metric is used, because a name may occur only once.
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

/** Whether a provider's instance is a metric of prom-client, from any copy of it. */
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
