import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import type { StatusAnswer } from '../answers/process.js';

/** What a look at the event loop gives. */
export type LoopReading = Pick<StatusAnswer, 'eventLoop' | 'cpu'>;

/** How often it is looked at while somebody wants to know, in milliseconds. */
const RESOLUTION_MS = 20;
/** A window is at least so long, so that readers beside each other do not cut each other's short. */
const WINDOW_MS = 10_000;
/** The first look waits so long for something to be seen. */
const FIRST_LOOK_MS = 120;
/** Nobody asked for so long: the looking ends. */
const IDLE_MS = 60_000;

/** Watches the event loop and the CPU while somebody asks for them, and costs nothing else. */
export class EventLoopWatch {
  private watching: Watching | undefined;

  /** Where nobody has asked before, after a moment of looking. */
  async read(): Promise<LoopReading> {
    if (!this.watching) {
      this.watching = new Watching(() => (this.watching = undefined));
      await pause(FIRST_LOOK_MS);
    }
    return (this.watching ??= new Watching(() => (this.watching = undefined))).read();
  }

  /** Ends the looking. */
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
  /** The window before, which is shown while the present one is too short. */
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

  /** The monitor measures from tick to tick, its own interval included. */
  private late(nanoseconds: number): number {
    return rounded(Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS));
  }
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
