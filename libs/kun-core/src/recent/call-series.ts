import { DurationCounts } from './duration-counts.js';

/** The length of a step. */
export const STEP_SECONDS = 5;
/** How many steps are kept: five minutes. */
export const STEPS = 60;

const STEP_MS = STEP_SECONDS * 1000;

/** The figures of the calls that ended within a step. */
export interface Step {
  readonly count: number;
  /** Calls among them that did not end with OK. */
  readonly errors: number;
  /** NaN when there were none. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** The step that a time lies in; steps count from the epoch. */
export function stepAt(epochMs: number): number {
  return Math.floor(epochMs / STEP_MS);
}

/** When a step is over, in milliseconds since the epoch. */
export function endOfStep(step: number): number {
  return (step + 1) * STEP_MS;
}

/**
 * The calls of one method in the last five minutes. The step under way is counted; when the first call of a later one ends,
 * four numbers are kept of it. No timer runs, and a method that is not called costs nothing.
 */
export class CallSeries {
  private readonly durations = new DurationCounts();
  private errors = 0;
  private current = -1;
  private readonly kept: Array<Step | undefined> = [];

  /** Counts a call that has ended. After a clock was set back, calls in the past count as now. */
  add(endMs: number, durationMs: number, failed: boolean): void {
    const step = stepAt(endMs);
    if (step > this.current) this.goOn(step);
    this.durations.add(durationMs);
    if (failed) this.errors++;
  }

  /** A step that is over by `nowMs`, or the one under way as it is so far; `undefined` where no call ended in it. */
  at(step: number, nowMs: number): Step | undefined {
    if (stepAt(nowMs) > this.current) this.goOn(stepAt(nowMs));
    if (step === this.current) return this.summary();
    return step > this.current || step <= this.current - STEPS ? undefined : this.kept[step % STEPS];
  }

  private goOn(step: number): void {
    if (this.current >= 0) this.kept[this.current % STEPS] = this.summary();
    const from = Math.max(this.current + 1, step - STEPS);
    for (let skipped = from; skipped <= step; skipped++) this.kept[skipped % STEPS] = undefined;
    this.current = step;
    this.errors = 0;
    this.durations.clear();
  }

  private summary(): Step | undefined {
    const { durations, errors } = this;
    if (durations.size === 0) return undefined;
    return {
      count: durations.size,
      errors,
      p50Ms: durations.quantile(0.5),
      p99Ms: durations.quantile(0.99),
    };
  }
}
