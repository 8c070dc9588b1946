/** The source of time, replaceable in tests. */
export interface Clock {
  /** Wall-clock time in milliseconds since the epoch. */
  now(): number;
  /** Monotonic time in milliseconds; only differences are meaningful. */
  monotonicMs(): number;
  /**
   * Calls `callback` once after `delayMs`; the returned function cancels it. A pending timer keeps the process alive.
   */
  schedule(delayMs: number, callback: () => void): () => void;
}

/** The system clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  schedule(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

/** Resolves after `delayMs`, or immediately when `signal` aborts, and reports which of the two happened. */
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

/**
 * Returns a formatter equivalent to `toISOString()` for times that arrive nearly in order: the date is formatted once a
 * second and only the milliseconds are rewritten, since formatting a date costs as much as the rest of a log line.
 */
export function isoFormatter(): (epochMs: number) => string {
  let second = Number.NaN;
  let prefix = '';
  return (epochMs) => {
    const time = Math.trunc(epochMs);
    const current = Math.floor(time / 1000);
    if (current !== second) {
      second = current;
      prefix = new Date(current * 1000).toISOString().slice(0, -4);
    }
    const millisecond = time - current * 1000;
    const padding = millisecond < 10 ? '00' : millisecond < 100 ? '0' : '';
    return `${prefix}${padding}${millisecond}Z`;
  };
}

/**
 * Waits for work whose failure the caller does not care about; returns false when it takes longer than `timeoutMs`.
 * Never rejects.
 */
export async function settledWithin(work: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  const settled = work.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([settled, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
