import type { Clock } from '../clock.js';

/** A step of the stop that did not end in its time; the stop went on without it. */
export class StepTimeoutError extends Error {
  override readonly name = 'StepTimeoutError';

  constructor(
    readonly step: string,
    readonly timeoutMs: number,
  ) {
    super(`${step} was not done after ${timeoutMs} ms and was left behind`);
  }
}

/**
 * Runs a step, for at most `timeoutMs` when given.
 *
 * @throws {StepTimeoutError} when it takes longer; what it still does is nobody's.
 */
export async function runStep<T>(
  clock: Clock,
  name: string,
  step: () => Promise<T> | T,
  timeoutMs?: number,
): Promise<T> {
  if (timeoutMs === undefined) return step();
  let cancel = () => {};
  const timeout = new Promise<never>((_, reject) => {
    cancel = clock.schedule(timeoutMs, () => reject(new StepTimeoutError(name, timeoutMs)));
  });
  try {
    return await Promise.race([step(), timeout]);
  } finally {
    cancel();
  }
}
