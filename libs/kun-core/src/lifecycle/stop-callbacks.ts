import type { Clock } from '../clock.js';
import { runStep } from './step.js';

/** What a user registered to run at the start or the stop. */
export interface NamedCallback {
  readonly name: string;
  readonly run: () => Promise<void> | void;
}

/** How long stop callbacks may take. */
export interface CallbackLimits {
  /** A single one. */
  readonly eachMs: number;
  /** All of them, however many there are. */
  readonly allMs: number;
  /** From this on what hangs is not waited for much longer. */
  readonly force: AbortSignal;
}

/**
 * Runs stop callbacks one after the other. When the time of all is over, those that are left are called all the same, and
 * not waited for.
 *
 * @throws {AggregateError} with what the callbacks threw and each that was left behind; all of them were called.
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
