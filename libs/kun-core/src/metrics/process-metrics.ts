import { readdir, readFile } from 'node:fs/promises';
import { Counter, Gauge, type Registry } from 'prom-client';
import { collectNodeMetrics } from './node-metrics.js';

/**
 * Registers process and Node metrics under the names of prom-client's `collectDefaultMetrics`. The returned function
 * releases what they hold.
 *
 * prom-client's own implementation would hold an event-loop monitor and a garbage-collection observer for ever, one
 * more for each application that a process starts, and offers no way to release them.
 */
export function collectProcessMetrics(registry: Registry): () => void {
  const registers = [registry];
  const total: Counter = new Counter({
    name: 'process_cpu_seconds_total',
    help: 'Total user and system CPU time spent in seconds',
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      for (const [counter, micros] of [
        [total, user + system],
        [userTime, user],
        [systemTime, system],
      ] as const) {
        counter.reset();
        counter.inc(micros / 1e6);
      }
    },
  });
  const userTime = new Counter({
    name: 'process_cpu_user_seconds_total',
    help: 'Total user CPU time spent in seconds',
    registers,
  });
  const systemTime = new Counter({
    name: 'process_cpu_system_seconds_total',
    help: 'Total system CPU time spent in seconds',
    registers,
  });
  new Gauge({
    name: 'process_start_time_seconds',
    help: 'Start time of the process since the epoch in seconds',
    registers,
  }).set(Math.round(Date.now() / 1000 - process.uptime()));
  gauge('process_resident_memory_bytes', 'Resident memory size in bytes', () => process.memoryUsage.rss());
  if (process.platform === 'linux') {
    gauge('process_virtual_memory_bytes', 'Virtual memory size in bytes', () => procStatusBytes('VmSize'));
    gauge('process_heap_bytes', 'Process heap size in bytes', () => procStatusBytes('VmData'));
    // Excludes the descriptor that is opened for counting.
    gauge(
      'process_open_fds',
      'Number of open file descriptors',
      async () => (await readdir('/proc/self/fd')).length - 1,
    );
    gauge('process_max_fds', 'Maximum number of open file descriptors', async () => {
      const limits = await readFile('/proc/self/limits', 'utf8');
      return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.NaN);
    });
  }
  return collectNodeMetrics(registry);

  function gauge(name: string, help: string, read: () => number | Promise<number>): void {
    const metric: Gauge = new Gauge({
      name,
      help,
      registers,
      async collect() {
        metric.set(await read());
      },
    });
  }
}

async function procStatusBytes(field: string): Promise<number> {
  const status = await readFile('/proc/self/status', 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? Number.NaN) * 1024;
}
