import type { Clock } from '../clock.js';

/** How long a hanging step may still take after a second signal, in milliseconds. */
export const FORCED_STEP_MS = 1000;

/** A step of the stop exceeded its time; the stop continued without it. */
export class StepTimeoutError extends Error {
  override readonly name = 'StepTimeoutError';

  constructor(
    readonly step: string,
    readonly timeoutMs: number,
  ) {
    super(`${step} was not done after ${timeoutMs} ms and was left behind`);
  }
}

/** How long a step may take. */
export interface StepLimit {
  readonly timeoutMs: number;
  /** Once aborted, at most {@link FORCED_STEP_MS} remain. Default: never */
  readonly force?: AbortSignal | undefined;
}

/**
 * Runs a step of the stop with a time limit.
 *
 * @throws {StepTimeoutError} when it takes longer; its later outcome is ignored.
 */
export async function runStep<T>(
  clock: Clock,
  name: string,
  step: () => Promise<T> | T,
  { timeoutMs, force }: StepLimit,
): Promise<T> {
  const timers: Array<() => void> = [];
  let hurry = () => {};
  const timeout = new Promise<never>((_, reject) => {
    const limit = (ms: number): void =>
      void timers.push(clock.schedule(ms, () => reject(new StepTimeoutError(name, ms))));
    limit(timeoutMs);
    hurry = () => limit(Math.min(timeoutMs, FORCED_STEP_MS));
    if (force?.aborted) hurry();
    else force?.addEventListener('abort', hurry, { once: true });
  });
  try {
    return await Promise.race([step(), timeout]);
  } finally {
    force?.removeEventListener('abort', hurry);
    for (const cancel of timers) cancel();
  }
}
