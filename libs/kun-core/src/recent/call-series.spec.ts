import { array, assert, constantFrom, double, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CallSeries, stepAt, STEPS } from './call-series.js';
import { DurationCounts } from './duration-counts.js';

describe('DurationCounts', () => {
  it('knows each quantile within 5 %', () => {
    assert(
      property(
        array(double({ min: 0.001, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 200 }),
        constantFrom(0.01, 0.5, 0.99, 1),
        (durations, share) => {
          const counts = new DurationCounts();
          for (const duration of durations) counts.add(duration);
          const sorted = durations.toSorted((a, b) => a - b);
          const exact = sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1] ?? 0;
          // Below 16 µs a place is a microsecond.
          expect(Math.abs(counts.quantile(share) - exact)).toBeLessThanOrEqual(exact * 0.05 + 0.001);
        },
      ),
    );
  });

  it('takes whatever a clock makes of a duration', () => {
    const counts = new DurationCounts();
    for (const odd of [-1, 0, Number.MAX_VALUE, Infinity]) counts.add(odd);
    expect(counts.size).toBe(4);
    expect(counts.quantile(0.5)).toBe(0);
    expect(counts.quantile(1)).toBeGreaterThan(2e6);
    counts.clear();
    expect(counts.quantile(0.5)).toBeNaN();
  });
});

describe('CallSeries', () => {
  const at = (step: number) => step * 5000 + 1;

  it('keeps each step for five minutes', () => {
    const series = new CallSeries();
    series.add(at(10), 1, false);
    series.add(at(10), 1, true);
    series.add(at(11), 100, false);
    expect(series.at(10, at(12))).toMatchObject({ count: 2, errors: 1 });
    expect(series.at(11, at(12))?.p50Ms).toBeCloseTo(100, -1);
    expect(series.at(12, at(12))).toBeUndefined();
    expect(series.at(9, at(12))).toBeUndefined();
    expect(series.at(10, at(10 + STEPS - 1))).toMatchObject({ count: 2 });
    expect(series.at(10, at(10 + STEPS))).toBeUndefined();
  });

  it('has nothing left of what lay before a long silence', () => {
    const series = new CallSeries();
    for (let step = 0; step < STEPS; step++) series.add(at(step), 1, false);
    series.add(at(1000), 1, false);
    const kept = Array.from({ length: STEPS }, (_, back) => series.at(1000 - back, at(1000)));
    expect(kept.filter((step) => step !== undefined)).toHaveLength(1);
  });

  it('counts now what a clock that was set back puts into the past', () => {
    const series = new CallSeries();
    series.add(at(100), 1, false);
    series.add(at(50), 1, false);
    expect(series.at(100, at(100))).toMatchObject({ count: 2 });
    expect(stepAt(at(50))).toBe(50);
  });
});
