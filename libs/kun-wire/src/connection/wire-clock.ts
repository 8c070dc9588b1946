/** Time, behind a seam, so that tests can hold it still. */
export interface WireClock {
  /** Wall-clock time in milliseconds since the epoch. */
  now(): number;
  /** Monotonic time in milliseconds; only differences have a meaning. */
  monotonicMs(): number;
  /** Calls `callback` once after `delayMs`; the returned function takes it back. */
  schedule(delayMs: number, callback: () => void): () => void;
}

/** The process's own clock. Its timers keep no process alive: connections do. */
export const processClock: WireClock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  schedule(delayMs, callback) {
    const timer = setTimeout(callback, delayMs).unref();
    return () => clearTimeout(timer);
  },
};
