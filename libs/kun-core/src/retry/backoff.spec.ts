import { assert, constant, double, integer, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs, longestBackoffMs } from './backoff.js';

const initial = double({ min: 0, max: 60_000, noNaN: true });
const longest = double({ min: 0, max: 60_000, noNaN: true });
const share = double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('backoffMs', () => {
  it('doubles up to the longest', () => {
    const backoff = { initialBackoffMs: 100, maxBackoffMs: 2000 };
    const waits = [1, 2, 3, 4, 5, 6, 7].map((retry) => longestBackoffMs(retry, backoff));
    expect(waits).toEqual([100, 200, 400, 800, 1600, 2000, 2000]);
    expect(backoffMs(3, backoff, () => 0.25)).toBe(100);
  });

  it('never leaves its bounds, however often a call failed', () => {
    const anyRetry = integer({ min: 1, max: 10_000 });
    assert(
      property(anyRetry, initial, longest, share, (retry, initialBackoffMs, maxBackoffMs, random) => {
        const backoff = { initialBackoffMs, maxBackoffMs };
        const wait = backoffMs(retry, backoff, () => random);
        expect(wait).toBeGreaterThanOrEqual(0);
        expect(wait).toBeLessThanOrEqual(
          Math.min(maxBackoffMs, initialBackoffMs && initialBackoffMs * 2 ** (retry - 1)),
        );
        expect(longestBackoffMs(retry + 1, backoff)).toBeGreaterThanOrEqual(longestBackoffMs(retry, backoff));
      }),
    );
  });

  it('uses the whole of them', () => {
    const backoff = { initialBackoffMs: 100, maxBackoffMs: 2000 };
    assert(
      property(constant(2), share, (retry, random) => {
        expect(backoffMs(retry, backoff, () => random)).toBeCloseTo(200 * random, 9);
      }),
    );
  });
});
