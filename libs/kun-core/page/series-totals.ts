import type { RecentCallsAnswer, Side } from '../src/admin/answers/calls.js';

export interface SeriesTotals {
  readonly rate: readonly number[];
  readonly errors: readonly number[];
  /** Those of the slowest method in each step. */
  readonly p50Ms: ReadonlyArray<number | null>;
  readonly p99Ms: ReadonlyArray<number | null>;
}

/** All methods of a side together, step by step. Percentiles cannot be added, so each step shows the highest one. */
export function seriesTotals({ methods }: RecentCallsAnswer, side: Side): SeriesTotals {
  const chosen = methods.filter((series) => series.side === side);
  const steps = Math.max(0, ...methods.map(({ rate }) => rate.length));
  const each = <T>(value: (step: number) => T): T[] =>
    Array.from({ length: steps }, (_, step) => value(step));
  const highest = (values: ReadonlyArray<number | null | undefined>) => {
    const there = values.filter((value) => typeof value === 'number');
    return there.length === 0 ? null : Math.max(...there);
  };
  return {
    rate: each((step) => chosen.reduce((sum, { rate }) => sum + (rate[step] ?? 0), 0)),
    errors: each((step) => chosen.reduce((sum, { errors }) => sum + (errors[step] ?? 0), 0)),
    p50Ms: each((step) => highest(chosen.map(({ p50Ms }) => p50Ms[step]))),
    p99Ms: each((step) => highest(chosen.map(({ p99Ms }) => p99Ms[step]))),
  };
}
