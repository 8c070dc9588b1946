import { constants, monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics } from 'node:v8';
import { Gauge, Histogram, type Registry } from 'prom-client';

/** The resolution of the event-loop monitor, in milliseconds, as in prom-client. */
const EVENT_LOOP_RESOLUTION_MS = 10;

const GC_BUCKETS_SECONDS = [0.001, 0.01, 0.1, 1, 2, 5];

const GC_KINDS: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weakcb',
};

/** Node's part of the metrics; the returned function releases the event-loop monitor and the observer. */
export function collectNodeMetrics(registry: Registry): () => void {
  const releases = [eventLoop(registry), garbageCollections(registry)];
  const registers = [registry];
  const [major = 0, minor = 0, patch = 0] = process.versions.node.split('.').map(Number);
  new Gauge({
    name: 'nodejs_version_info',
    help: 'Node.js version info',
    labelNames: ['version', 'major', 'minor', 'patch'],
    registers,
  }).set({ version: process.version, major, minor, patch }, 1);
  const resources = new Gauge<'type'>({
    name: 'nodejs_active_resources',
    help: 'Number of resources that keep the event loop alive, by type',
    labelNames: ['type'],
    registers,
    collect() {
      resources.reset();
      for (const type of process.getActiveResourcesInfo()) resources.inc({ type });
    },
  });
  heap(registry);
  return () => {
    for (const release of releases.splice(0)) release();
  };
}

type DelayHistogram = ReturnType<typeof monitorEventLoopDelay>;

function eventLoop(registry: Registry): () => void {
  const registers = [registry];
  const histogram = monitorEventLoopDelay({ resolution: EVENT_LOOP_RESOLUTION_MS });
  histogram.enable();
  const readings: ReadonlyArray<readonly [string, string, (delays: DelayHistogram) => number]> = [
    ['min', 'The minimum recorded event loop delay', (delays) => delays.min],
    ['max', 'The maximum recorded event loop delay', (delays) => delays.max],
    ['mean', 'The mean of the recorded event loop delays', (delays) => delays.mean],
    ['stddev', 'The standard deviation of the recorded event loop delays', (delays) => delays.stddev],
    ['p50', 'The 50th percentile of the recorded event loop delays', (delays) => delays.percentile(50)],
    ['p90', 'The 90th percentile of the recorded event loop delays', (delays) => delays.percentile(90)],
    ['p99', 'The 99th percentile of the recorded event loop delays', (delays) => delays.percentile(99)],
  ];
  const gauges = readings.map(([suffix, help, read]) => {
    const gauge = new Gauge({ name: `nodejs_eventloop_lag_${suffix}_seconds`, help, registers: [] });
    return { gauge, read };
  });
  const lag: Gauge = new Gauge({
    name: 'nodejs_eventloop_lag_seconds',
    help: 'Lag of event loop in seconds',
    registers,
    // Runs before the others, on behalf of all of them: each scrape begins a new recording.
    async collect() {
      for (const { gauge, read } of gauges) gauge.set(read(histogram) / 1e9);
      histogram.reset();
      const start = performance.now();
      await new Promise((resolve) => setImmediate(resolve));
      lag.set((performance.now() - start) / 1000);
    },
  });
  for (const { gauge } of gauges) registry.registerMetric(gauge);
  return () => histogram.disable();
}

/** An entry of type `gc`; Node's type declarations name its detail differently. */
interface GcEntry {
  readonly duration: number;
  readonly detail: { readonly kind: number };
}

function garbageCollections(registry: Registry): () => void {
  const durations = new Histogram({
    name: 'nodejs_gc_duration_seconds',
    help: 'Garbage collection duration by kind, one of major, minor, incremental or weakcb',
    labelNames: ['kind'],
    buckets: GC_BUCKETS_SECONDS,
    registers: [registry],
  });
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as unknown as GcEntry[]) {
      durations.observe({ kind: GC_KINDS[entry.detail.kind] ?? 'other' }, entry.duration / 1000);
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  return () => observer.disconnect();
}

function heap(registry: Registry): void {
  const registers = [registry];
  const total: Gauge = new Gauge({
    name: 'nodejs_heap_size_total_bytes',
    help: 'Process heap size from Node.js in bytes',
    registers,
    collect() {
      const { heapTotal, heapUsed, external: outside } = process.memoryUsage();
      total.set(heapTotal);
      used.set(heapUsed);
      external.set(outside);
    },
  });
  const used = new Gauge({
    name: 'nodejs_heap_size_used_bytes',
    help: 'Process heap size used from Node.js in bytes',
    registers,
  });
  const external = new Gauge({
    name: 'nodejs_external_memory_bytes',
    help: 'Node.js external memory size in bytes',
    registers,
  });
  const space = (kind: string, collect?: () => void): Gauge<'space'> =>
    new Gauge({
      name: `nodejs_heap_space_size_${kind}_bytes`,
      help: `Process heap space size ${kind} from Node.js in bytes`,
      labelNames: ['space'],
      registers,
      ...(collect && { collect }),
    });
  const totals: Gauge<'space'> = space('total', () => {
    for (const statistics of getHeapSpaceStatistics()) {
      const labels = { space: statistics.space_name.replace(/_space$/, '') };
      totals.set(labels, statistics.space_size);
      usedSpaces.set(labels, statistics.space_used_size);
      available.set(labels, statistics.space_available_size);
    }
  });
  const usedSpaces = space('used');
  const available = space('available');
}
