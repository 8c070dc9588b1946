/** A clock that tests can replace. */
export interface WireClock {
  /** Wall-clock time in milliseconds since the epoch. */
  now(): number;
  /** Monotonic time in milliseconds; only differences are meaningful. */
  monotonicMs(): number;
  /** Calls `callback` once after `delayMs`; the returned function cancels it. */
  schedule(delayMs: number, callback: () => void): () => void;
}

/** The process's own clock. Its timers do not keep the process alive; connections do. */
export const processClock: WireClock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  schedule(delayMs, callback) {
    const timer = setTimeout(callback, delayMs).unref();
    return () => clearTimeout(timer);
  },
};

/** A one-shot timer; created and armed by {@link Timers}. */
export class Timer {
  /** When it is due, in the clock's monotonic milliseconds. */
  dueMs = 0;
  /** Its index in the heap; -1 while it is not armed. */
  place = -1;

  constructor(readonly fire: () => void) {}
}

/** The longest delay that Node's timers support. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/**
 * All deadlines of a process behind one Node timer: a heap, in which arming the one that is due last (as with callers
 * that all use the same timeout) costs one comparison.
 */
export class Timers {
  private readonly heap: Timer[] = [];
  private cancel: (() => void) | undefined;
  private wakeMs = Infinity;

  constructor(private readonly clock: WireClock) {}

  /** Arms or rearms a timer; `Infinity` disarms it. */
  arm(timer: Timer, delayMs: number): void {
    this.disarm(timer);
    if (delayMs === Infinity) return;
    timer.dueMs = this.clock.monotonicMs() + delayMs;
    this.rise(this.heap.push(timer) - 1, timer);
    if (timer.dueMs < this.wakeMs) this.wake(delayMs, timer.dueMs);
  }

  disarm(timer: Timer): void {
    const { place } = timer;
    if (place < 0) return;
    timer.place = -1;
    const last = this.heap.pop() as Timer;
    if (last !== timer) this.settle(place, last);
    if (this.heap.length > 0) return;
    this.cancel?.();
    this.wakeMs = Infinity;
  }

  private readonly run = (): void => {
    this.wakeMs = Infinity;
    const now = this.clock.monotonicMs();
    for (;;) {
      const next = this.heap[0];
      if (next === undefined) return;
      if (next.dueMs > now) {
        this.wake(next.dueMs - now, next.dueMs);
        return;
      }
      this.disarm(next);
      try {
        next.fire();
      } catch (error) {
        // An error must not delay the other due timers.
        const rest = this.heap[0];
        if (rest !== undefined) this.wake(Math.max(0, rest.dueMs - now), rest.dueMs);
        throw error;
      }
    }
  };

  private wake(delayMs: number, wakeMs: number): void {
    if (wakeMs >= this.wakeMs) return;
    this.cancel?.();
    this.wakeMs = wakeMs;
    // Rounded up: Node truncates fractions, and would wake up too early only to wait again.
    this.cancel = this.clock.schedule(Math.min(LONGEST_DELAY_MS, Math.max(0, Math.ceil(delayMs))), this.run);
  }

  private settle(place: number, timer: Timer): void {
    const parent = (place - 1) >> 1;
    if (place > 0 && (this.heap[parent] as Timer).dueMs > timer.dueMs) this.rise(place, timer);
    else this.sink(place, timer);
  }

  private rise(from: number, timer: Timer): void {
    const { heap } = this;
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = heap[above] as Timer;
      if (parent.dueMs <= timer.dueMs) break;
      heap[place] = parent;
      parent.place = place;
      place = above;
    }
    heap[place] = timer;
    timer.place = place;
  }

  private sink(from: number, timer: Timer): void {
    const { heap } = this;
    let place = from;
    for (;;) {
      let below = place * 2 + 1;
      let child = heap[below];
      if (child === undefined) break;
      const right = heap[below + 1];
      if (right !== undefined && right.dueMs < child.dueMs) {
        child = right;
        below++;
      }
      if (child.dueMs >= timer.dueMs) break;
      heap[place] = child;
      child.place = place;
      place = below;
    }
    heap[place] = timer;
    timer.place = place;
  }
}
