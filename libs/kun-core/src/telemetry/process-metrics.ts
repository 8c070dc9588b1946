import perfHooks from 'node:perf_hooks';
import { collectDefaultMetrics, type Registry } from 'prom-client';

/**
 * Gauges with a counter's suffix, which `promtool check metrics` refuses. They say nothing that is lost: each is the sum
 * of the gauge without the suffix.
 */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

/**
 * prom-client's metrics of the process and of Node, in the given registry. The returned function releases what they
 * hold: an event-loop monitor and an observer of garbage collections, which prom-client itself keeps for ever, one more
 * of each with every application that a process starts.
 */
export function collectProcessMetrics(registry: Registry): () => void {
  const releases: Array<() => void> = [];
  const { monitorEventLoopDelay, PerformanceObserver } = perfHooks;

  // prom-client hands neither out, so both are caught as it asks Node for them. This is synchronous: no other code
  // can meet the replaced functions, and modules that import them by name never see them at all.
  perfHooks.monitorEventLoopDelay = (options) => {
    const histogram = monitorEventLoopDelay(options);
    releases.push(() => histogram.disable());
    return histogram;
  };
  perfHooks.PerformanceObserver = class extends PerformanceObserver {
    constructor(callback: ConstructorParameters<typeof PerformanceObserver>[0]) {
      super(callback);
      releases.push(() => this.disconnect());
    }
  };
  try {
    collectDefaultMetrics({ register: registry });
  } finally {
    Object.assign(perfHooks, { monitorEventLoopDelay, PerformanceObserver });
  }
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  return () => {
    for (const release of releases.splice(0)) release();
  };
}
