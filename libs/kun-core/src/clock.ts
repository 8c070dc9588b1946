/** Time, behind a seam, so that tests can hold it still. */
export interface Clock {
  /** Wall-clock time in milliseconds since the epoch. */
  now(): number;
  /** Monotonic time in milliseconds; only differences have a meaning. */
  monotonicMs(): number;
  /** Calls `callback` once after `delayMs`; the returned function takes it back. A pending timer keeps the process alive. */
  schedule(delayMs: number, callback: () => void): () => void;
}

/** The process's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  schedule(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

/** Settles after `delayMs`, or at once when `signal` aborts; says which of the two it was. */
export function delay(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<'elapsed' | 'aborted'> {
  if (signal?.aborted) return Promise.resolve('aborted');
  return new Promise((resolve) => {
    const cancel = clock.schedule(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve('elapsed');
    });
    function onAbort() {
      cancel();
      resolve('aborted');
    }
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
