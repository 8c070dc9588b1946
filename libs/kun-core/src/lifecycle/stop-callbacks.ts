import type { Clock } from '../clock.js';
import { runStep } from './step.js';

/** A callback that a user registered for the start or the stop. */
export interface NamedCallback {
  readonly name: string;
  readonly run: () => Promise<void> | void;
}

/** How long stop callbacks may take. */
export interface CallbackLimits {
  /** Per callback. */
  readonly eachMs: number;
  /** For all of them together. */
  readonly allMs: number;
  /** Once aborted, hanging callbacks are not waited for much longer. */
  readonly force: AbortSignal;
}

/**
 * Runs stop callbacks in sequence. When the total time is over, the remaining ones are still called, but not awaited.
 *
 * @throws {AggregateError} with the errors of callbacks and of those that were abandoned; all callbacks were called.
 */
export async function runStopCallbacks(
  callbacks: readonly NamedCallback[],
  clock: Clock,
  { eachMs, allMs, force }: CallbackLimits,
): Promise<void> {
  const failures: unknown[] = [];
  const end = clock.monotonicMs() + allMs;
  for (const { name, run } of callbacks) {
    const leftMs = Math.max(0, Math.round(end - clock.monotonicMs()));
    const limit = { timeoutMs: Math.min(eachMs, leftMs), force };
    await runStep(clock, `stop callback "${name}"`, run, limit).catch((error: unknown) => {
      failures.push(error);
    });
  }
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} stop callbacks failed`);
}
