import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { durationText, millisecondsOf, toDuration } from './duration.js';

describe('durations', () => {
  it.each([
    [0, 0, 0, '0s'],
    [500, 0, 500_000_000, '0.5s'],
    [1500, 1, 500_000_000, '1.5s'],
    [0.000001, 0, 1, '0.000000001s'],
    [999.9999999, 1, 0, '1s'],
    [-1500, -1, -500_000_000, '-1.5s'],
    [NaN, 0, 0, '0s'],
    [Infinity, 315_576_000_000, 0, '315576000000s'],
    [-Infinity, -315_576_000_000, 0, '-315576000000s'],
  ])('%d ms', (milliseconds, seconds, nanos, text) => {
    expect(toDuration(milliseconds)).toEqual({ seconds, nanos });
    expect(durationText(milliseconds)).toBe(text);
  });

  it('come back as they went, to the nanosecond', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e9, max: 1e9 }), fc.integer({ min: 0, max: 999_999 }), (ms, ns) => {
        const milliseconds = ms + ns / 1e6;
        const duration = toDuration(milliseconds);
        expect(Math.abs(duration.nanos)).toBeLessThan(1e9);
        expect(duration.seconds * duration.nanos).toBeGreaterThanOrEqual(0);
        expect(millisecondsOf(duration)).toBeCloseTo(milliseconds, 5);
      }),
    );
  });

  it.each([undefined, null, 'x', {}])('are 0 ms in %s', (value) => {
    expect(millisecondsOf(value)).toBe(0);
  });
});
