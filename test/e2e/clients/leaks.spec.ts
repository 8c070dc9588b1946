import { describe, expect, it } from 'vitest';
import { buildFixtures } from '../fixture-program.js';
import { NODE, RunningProcess } from '../running-process.js';

const CALLS = 10_000;

describe('10 000 calls through three services, cancelled or out of time at the first', () => {
  it('leave no timer, no listener, no signal and no heap behind', { timeout: 120_000 }, async () => {
    await using fixtures = await buildFixtures();
    await using run = new RunningProcess(NODE, ['--expose-gc', fixtures.main('chain-leak'), `${CALLS}`]);
    const left = await run.line(({ msg }) => msg === 'left');
    expect(await run.end).toEqual({ code: 0, signal: null });
    // Neither a warning of too many listeners nor an unhandled rejection.
    expect(run.stderr).toBe('');
    const { before, after, ...counts } = left as unknown as Left;
    expect(counts).toMatchObject({ calls: CALLS, aborted: counts.signals, stops: [true, true, true] });
    // Some run out of time before they are there.
    expect(counts.signals).toBeGreaterThan(CALLS / 2);
    expect(after.timers).toBe(before.timers);
    // The last may hang on until the next garbage collection; none of them for each call.
    expect(after.signalsAlive).toBeLessThan(50);
    expect((after.heapBytes - before.heapBytes) / CALLS, 'bytes a call').toBeLessThan(200);
    // All 50 calls at a time and what the call itself has, and nothing of those that ended.
    expect(counts.mostListeners).toBeLessThan(60);
    expect(counts.listenersAfter).toBeLessThan(5);
  });
});

interface Reading {
  readonly heapBytes: number;
  readonly timers: number;
  readonly signalsAlive: number;
}

interface Left {
  readonly calls: number;
  readonly signals: number;
  readonly aborted: number;
  readonly before: Reading;
  readonly after: Reading;
  readonly mostListeners: number;
  readonly listenersAfter: number;
}
