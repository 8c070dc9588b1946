import { describe, expect, it } from 'vitest';
import type { FailedCall, MethodSeries } from '../src/admin/answers/calls.js';
import { afterEvent, NOTHING_YET, type LiveState } from './live-state.js';

const ECHO = { method: '/a.Echo/Echo', kind: 'unary', side: 'server' } as const;
const series: MethodSeries = {
  ...ECHO,
  rate: [1, 2, 3],
  errors: [0, 0, 1],
  p50Ms: [1, null, 2],
  p99Ms: [4, null, 5],
};
const failure = (seq: number) => ({ seq, message: `failure ${seq}` }) as FailedCall;

describe('what the page knows after an event', () => {
  const started = afterEvent(NOTHING_YET, {
    name: 'recent',
    data: { stepSeconds: 2, until: 1000, methods: [series] },
  });
  const point = { ...ECHO, rate: 9, errors: 1, p50Ms: 3, p99Ms: 7 };

  it('advances by one step, with zeros for methods without calls and a series for a new one', () => {
    const other = { ...point, method: '/a.Echo/Watch' };
    const { recent } = afterEvent(started, { name: 'points', data: { until: 3000, methods: [other] } });
    expect(recent?.methods).toEqual([
      { ...ECHO, rate: [2, 3, 0], errors: [0, 1, 0], p50Ms: [null, 2, null], p99Ms: [null, 5, null] },
      {
        ...ECHO,
        method: '/a.Echo/Watch',
        rate: [0, 0, 9],
        errors: [0, 0, 1],
        p50Ms: [null, null, 3],
        p99Ms: [null, null, 7],
      },
    ]);
  });

  it('counts no step twice, as when the stream begins anew', () => {
    const again = afterEvent(started, { name: 'points', data: { until: 1000, methods: [point] } });
    expect(again).toEqual(started);
  });

  it('has each failure once, the latest first', () => {
    const errors = (state: LiveState, ...seqs: number[]) =>
      afterEvent(state, { name: 'errors', data: { errors: seqs.map(failure) } });
    const state = errors(errors(NOTHING_YET, 2, 1), 4, 3, 2);
    expect(state.errors.map(({ seq }) => seq)).toEqual([4, 3, 2, 1]);
  });
});
