import { expect, it } from 'vitest';
import { methodStatistics } from './method-statistics.js';

it('sums up what became of a method', () => {
  const until = 1_000_000_000_000;
  const steps = (length: number, at: Record<number, number | null>) =>
    Array.from({ length }, (_, index) => at[index] ?? null);
  const rates = (at: Record<number, number>) => steps(59, at).map((rate) => rate ?? 0);
  const [busy, idle] = methodStatistics({
    stepSeconds: 5,
    until,
    methods: [
      {
        method: '/a.B/C',
        kind: 'unary',
        side: 'client',
        upstream: 'next',
        rate: rates({ 0: 2, 57: 0.2, 58: 1 }),
        errors: rates({ 0: 1, 58: 0.4 }),
        p50Ms: steps(59, { 0: 3, 57: 9, 58: 5 }),
        p99Ms: steps(59, { 0: 30, 57: 90, 58: 50 }),
      },
      {
        method: '/a.B/D',
        kind: 'unary',
        side: 'server',
        rate: rates({}),
        errors: rates({}),
        p50Ms: steps(59, {}),
        p99Ms: steps(59, {}),
      },
    ],
  });
  expect(busy).toEqual({
    method: '/a.B/C',
    kind: 'unary',
    side: 'client',
    upstream: 'next',
    calls: 16,
    failed: 7,
    callsLastMinute: 6,
    failedLastMinute: 2,
    typicalP50Ms: 5,
    worstP99Ms: 90,
    worstAt: until - 5000,
  });
  expect(idle).toMatchObject({ calls: 0, typicalP50Ms: null, worstP99Ms: null });
  expect(idle).not.toHaveProperty('worstAt');
});
