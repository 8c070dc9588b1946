import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import type { StatusAnswer } from '../answers/process.js';

/** The figures of the event loop. */
export type LoopReading = Pick<StatusAnswer, 'eventLoop' | 'cpu'>;

/** How often it is sampled while there are readers, in milliseconds. */
const RESOLUTION_MS = 20;
/** The minimum length of a window, so that concurrent readers do not cut each other's short. */
const WINDOW_MS = 10_000;
/** How long the first reading waits for figures. */
const FIRST_LOOK_MS = 120;
/** Sampling stops after this long without readers. */
const IDLE_MS = 60_000;

/** Samples the event loop and the CPU while somebody reads them, and costs nothing otherwise. */
export class EventLoopWatch {
  private watching: Watching | undefined;

  /** The figures; the first reading waits for a moment. */
  async read(): Promise<LoopReading> {
    if (!this.watching) {
      this.watching = new Watching(() => (this.watching = undefined));
      await pause(FIRST_LOOK_MS);
    }
    return (this.watching ??= new Watching(() => (this.watching = undefined))).read();
  }

  /** Stops sampling. */
  stop(): void {
    this.watching?.stop();
  }
}

class Watching {
  private readonly delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  private readonly idle: NodeJS.Timeout;
  private since = performance.now();
  private loop = performance.eventLoopUtilization();
  private cpu = process.cpuUsage();
  /** The previous window, shown while the current one is too short. */
  private last: LoopReading | undefined;

  constructor(private readonly onStopped: () => void) {
    this.delays.enable();
    this.idle = setTimeout(() => this.stop(), IDLE_MS).unref();
  }

  read(): LoopReading {
    this.idle.refresh();
    const windowMs = performance.now() - this.since;
    if (this.last && windowMs < WINDOW_MS) return this.last;
    const reading = this.readWindow(windowMs);
    if (windowMs >= WINDOW_MS) {
      this.last = reading;
      this.since = performance.now();
      this.loop = performance.eventLoopUtilization();
      this.cpu = process.cpuUsage();
      this.delays.reset();
    }
    return reading;
  }

  stop(): void {
    clearTimeout(this.idle);
    this.delays.disable();
    this.onStopped();
  }

  private readWindow(windowMs: number): LoopReading {
    const used = process.cpuUsage(this.cpu);
    return {
      eventLoop: {
        delayP50Ms: this.late(this.delays.percentile(50)),
        delayP99Ms: this.late(this.delays.percentile(99)),
        delayMaxMs: this.late(this.delays.max),
        utilization: rounded(performance.eventLoopUtilization(this.loop).utilization),
        windowMs: Math.round(windowMs),
      },
      cpu: rounded((used.user + used.system) / 1000 / Math.max(windowMs, 1)),
    };
  }

  /** The monitor's figures include its own interval. */
  private late(nanoseconds: number): number {
    return rounded(Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS));
  }
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
