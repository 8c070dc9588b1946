import { describe, expect, it } from 'vitest';
import { TrustedCallers } from './trusted-callers.js';

const decisions = (callers: TrustedCallers, count: number, nowMs: number) =>
  Array.from({ length: count }, () => callers.decision(true, nowMs)).filter((decision) => decision === true)
    .length;

describe('TrustedCallers', () => {
  it.each([
    ['yes', 1000, false],
    ['capped', 100, false],
    ['no', 0, undefined],
  ] as const)('%s', (trust, followed, whenNotSampled) => {
    const callers = new TrustedCallers(trust);
    expect(decisions(callers, 1000, 5000)).toBe(followed);
    expect(decisions(callers, 1000, 6000)).toBe(followed);
    expect(callers.decision(false, 6000)).toBe(whenNotSampled);
    expect(callers.decision(undefined, 7000)).toBeUndefined();
  });
});
