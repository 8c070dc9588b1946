import type { Clock } from '../clock.js';

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/**
 * A clock that advances only when told to. A timer with a delay of zero fires immediately, like a stop without a delay.
 */
export class FakeClock implements Clock {
  private readonly timers = new Set<Timer>();
  private waiting: Array<{ count: number; resolve: () => void }> = [];

  /** `startMs` is the time in milliseconds since the epoch. */
  constructor(private nowMs = Date.UTC(2026, 0, 1)) {}

  now(): number {
    return this.nowMs;
  }

  monotonicMs(): number {
    return this.nowMs;
  }

  schedule(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.nowMs + delayMs, callback };
    this.timers.add(timer);
    if (delayMs <= 0) setImmediate(() => this.timers.delete(timer) && callback());
    this.waiting = this.waiting.filter(({ count, resolve }) => {
      if (this.timers.size < count) return true;
      resolve();
      return false;
    });
    return () => this.timers.delete(timer);
  }

  /** Resolves when at least `count` timers are set, so that the test can advance. */
  awaitScheduled(count = 1): Promise<void> {
    if (this.timers.size >= count) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push({ count, resolve }));
  }

  /** The number of timers set. */
  get scheduled(): number {
    return this.timers.size;
  }

  /** Advances by `ms`, firing each timer at its time; resolves when the microtasks that they started have run. */
  async advance(ms: number): Promise<void> {
    const until = this.nowMs + ms;
    for (;;) {
      const [next] = [...this.timers].filter(({ at }) => at <= until).toSorted((a, b) => a.at - b.at);
      if (!next) break;
      this.timers.delete(next);
      this.nowMs = Math.max(this.nowMs, next.at);
      next.callback();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.nowMs = until;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
