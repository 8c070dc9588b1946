import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { deferred } from '../testing/deferred.js';
import { FakeClock } from '../testing/fake-clock.js';
import { FORCED_STEP_MS, runStep, StepTimeoutError } from './step.js';

const hang = () => new Promise<never>(() => {});
const soon = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A step under way, with what has become of it. */
function begun(step: () => Promise<unknown>, timeoutMs: number, force?: AbortSignal) {
  const clock = new FakeClock();
  const outcome: { value?: unknown; error?: unknown } = {};
  void runStep(clock, 'HTTP port', step, { timeoutMs, force }).then(
    (value) => (outcome.value = value),
    (error: unknown) => (outcome.error = error),
  );
  return { clock, outcome };
}

describe('a step of the stop', () => {
  it.each([
    ['a value', () => 7],
    ['a promise', () => Promise.resolve(7)],
  ])('gives what it came to, and leaves no timer: %s', async (_, step) => {
    const clock = new FakeClock();
    await expect(runStep(clock, 'a', step, { timeoutMs: 1000 })).resolves.toBe(7);
    expect(clock.scheduled).toBe(0);
  });

  it.each([
    [
      'thrown',
      () =>
        (() => {
          throw new Error('broken');
        })(),
    ],
    ['rejected', () => Promise.reject(new Error('broken'))],
  ])('fails as it failed, and leaves no timer: %s', async (_, step) => {
    const clock = new FakeClock();
    await expect(runStep(clock, 'a', step, { timeoutMs: 1000 })).rejects.toThrow('broken');
    expect(clock.scheduled).toBe(0);
  });

  it('that hangs is left behind at its time, and named', async () => {
    const { clock, outcome } = begun(hang, 3000);
    await clock.advance(2999);
    expect(outcome).toEqual({});
    await clock.advance(1);
    expect(outcome.error).toBeInstanceOf(StepTimeoutError);
    expect(outcome.error).toMatchObject({
      step: 'HTTP port',
      timeoutMs: 3000,
      message: 'HTTP port was not done after 3000 ms and was left behind',
    });
    expect(clock.scheduled).toBe(0);
  });

  it('that ends or fails after it was abandoned has no effect', async () => {
    for (const settle of ['resolve', 'reject'] as const) {
      const work = deferred<unknown>();
      const { clock, outcome } = begun(() => work.promise, 10);
      await clock.advance(10);
      work[settle](new Error('late'));
      await soon();
      expect(outcome.error).toBeInstanceOf(StepTimeoutError);
    }
  });

  it('has a second more when it is forced, and not the time it had', async () => {
    const force = new AbortController();
    const { clock, outcome } = begun(hang, 60_000, force.signal);
    await clock.advance(5000);
    force.abort();
    await clock.advance(FORCED_STEP_MS - 1);
    expect(outcome).toEqual({});
    await clock.advance(1);
    expect(outcome.error).toMatchObject({ timeoutMs: FORCED_STEP_MS });
    expect(clock.scheduled).toBe(0);
  });

  it('that begins when all is forced has a second from the start', async () => {
    const { clock, outcome } = begun(hang, 60_000, AbortSignal.abort());
    await clock.advance(FORCED_STEP_MS);
    expect(outcome.error).toBeInstanceOf(StepTimeoutError);
  });

  it('never has more time for being forced', async () => {
    const short = begun(hang, 300, AbortSignal.abort());
    await short.clock.advance(300);
    expect(short.outcome.error).toMatchObject({ timeoutMs: 300 });
    // Forced close to its end: that stays where it was.
    const force = new AbortController();
    const late = begun(hang, 1500, force.signal);
    await late.clock.advance(1400);
    force.abort();
    await late.clock.advance(100);
    expect(late.outcome.error).toMatchObject({ timeoutMs: 1500 });
  });

  it('leaves no listener on what forces all steps', async () => {
    const force = new AbortController().signal;
    const clock = new FakeClock();
    const work = deferred();
    const step = runStep(clock, 'a', () => work.promise, { timeoutMs: 10, force });
    expect(getEventListeners(force, 'abort')).toHaveLength(1);
    work.resolve();
    await step;
    expect(getEventListeners(force, 'abort')).toEqual([]);
  });
});
