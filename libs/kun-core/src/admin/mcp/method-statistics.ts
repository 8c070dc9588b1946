import type { MethodSeries, RecentCallsAnswer } from '../answers/calls.js';

/** The summary of a method's calls in the last five minutes. */
export interface MethodStatistics extends Pick<MethodSeries, 'method' | 'kind' | 'side' | 'upstream'> {
  readonly calls: number;
  readonly failed: number;
  readonly callsLastMinute: number;
  readonly failedLastMinute: number;
  /** The median of the steps' medians, in milliseconds. */
  readonly typicalP50Ms: number | null;
  /** The p99 of the worst step. */
  readonly worstP99Ms: number | null;
  /** When that step ended, in milliseconds since the epoch. */
  readonly worstAt?: number;
}

/** Of each series, in their order. */
export function methodStatistics({ methods, stepSeconds, until }: RecentCallsAnswer): MethodStatistics[] {
  const minute = 60 / stepSeconds;
  const countOf = (rates: readonly number[]) =>
    Math.round(rates.reduce((sum, rate) => sum + rate * stepSeconds, 0));
  return methods.map(({ method, kind, side, upstream, rate, errors, p50Ms, p99Ms }) => {
    const medians = p50Ms.filter((value) => value !== null).toSorted((a, b) => a - b);
    const worst = p99Ms.reduce<number>(
      (index, value, at) => ((value ?? -1) > (p99Ms[index] ?? -1) ? at : index),
      0,
    );
    const worstP99Ms = p99Ms[worst] ?? null;
    return {
      method,
      kind,
      side,
      ...(upstream !== undefined && { upstream }),
      calls: countOf(rate),
      failed: countOf(errors),
      callsLastMinute: countOf(rate.slice(-minute)),
      failedLastMinute: countOf(errors.slice(-minute)),
      typicalP50Ms: medians[Math.floor(medians.length / 2)] ?? null,
      worstP99Ms,
      ...(worstP99Ms !== null && { worstAt: until - (p99Ms.length - 1 - worst) * stepSeconds * 1000 }),
    };
  });
}
