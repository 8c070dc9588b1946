import { describe, expect, it } from 'vitest';
import { deferred } from '../testing/deferred.js';
import { FakeClock } from '../testing/fake-clock.js';
import { Lifecycle, StartError } from './lifecycle.js';
import type { Phase, StopReport } from './phase.js';
import { FORCED_STEP_MS, StepTimeoutError } from './step.js';
import { STOP_MARGIN_MS, type TimedStep } from './stop-plan.js';

const step = (name: string, limitMs = 5000, keepsLimit = false): TimedStep => ({ name, limitMs, keepsLimit });

/** A lifecycle whose phases write down what is done to them. */
function recorded(steps: readonly TimedStep[], changes: Readonly<Record<string, Partial<Phase>>> = {}) {
  const clock = new FakeClock();
  const lifecycle = new Lifecycle(clock);
  const log: string[] = [];
  const phase = (name: string): Phase => ({
    name,
    start: () => void log.push(`start ${name}`),
    stop: () => void log.push(`stop ${name}`),
    ...changes[name],
  });
  const observer = {
    onFailed: async (error: unknown) => void log.push(`failed ${(error as StartError).phase}`),
    onStopped: async ({ reason }: StopReport) => void log.push(`stopped ${reason}`),
  };
  const start = (...names: string[]) => lifecycle.start(names.map(phase), steps, observer);
  return { clock, lifecycle, log, start };
}

describe('the start', () => {
  it('goes in the order of the phases, then runs the callbacks', async () => {
    const { lifecycle, log, start } = recorded([step('a'), step('b')]);
    lifecycle.onStart('one', () => void log.push('callback one'));
    lifecycle.onStart('two', () => void log.push('callback two'));
    const started = start('a', 'b');
    expect(lifecycle.state).toBe('starting');
    await started;
    expect(log).toEqual(['start a', 'start b', 'callback one', 'callback two']);
    expect(lifecycle.state).toBe('serving');
  });

  it('that fails names the phase, reports it, and undoes only what had begun', async () => {
    const cause = new Error('no room');
    const fails = { start: () => Promise.reject(cause) };
    const { lifecycle, log, start } = recorded([step('b'), step('a'), step('c')], { b: fails });
    const error = await start('a', 'b', 'c').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StartError);
    expect(error).toMatchObject({ phase: 'b', cause, message: 'b: no room' });
    expect(log).toEqual(['start a', 'failed b', 'stop b', 'stop a', 'stopped b failed to start']);
    expect([lifecycle.state, lifecycle.startFailed]).toEqual(['stopped', true]);
    expect((await lifecycle.whenStopped).clean).toBe(false);
  });

  it('that fails in a callback names it', async () => {
    const { lifecycle, start } = recorded([step('a')]);
    lifecycle.onStart('full sync', () => {
      throw new Error('no peer');
    });
    await expect(start('a')).rejects.toThrow('start callback "full sync": no peer');
  });

  it('comes once', async () => {
    const { start } = recorded([step('a')]);
    await start('a');
    await expect(start('a')).rejects.toThrow(
      'start() may be called only once: the application is already serving',
    );
  });

  it('refuses a phase that the plan forgets', async () => {
    const { log, start } = recorded([step('a')]);
    await expect(start('a', 'b')).rejects.toThrow('"b" has no step in the stop plan');
    expect(log).toEqual([]);
  });
});

describe('the stop', () => {
  it('walks the plan, whatever the order of the start, and leaves out what is not there', async () => {
    const { lifecycle, log, start } = recorded([step('c'), step('not there'), step('a'), step('b')]);
    await start('a', 'b', 'c');
    log.length = 0;
    const report = await lifecycle.stop('SIGTERM');
    expect(log).toEqual(['stop c', 'stop a', 'stop b', 'stopped SIGTERM']);
    expect(report.phases.map(({ name }) => name)).toEqual(['c', 'a', 'b']);
    expect(report).toMatchObject({ reason: 'SIGTERM', clean: true, durationMs: 0 });
  });

  it('is announced before anything is torn down', async () => {
    const { lifecycle, log, start } = recorded([step('a')]);
    lifecycle.stopping.addEventListener('abort', () => log.push('stopping'));
    await start('a');
    await lifecycle.stop('close()');
    expect(log).toEqual(['start a', 'stopping', 'stop a', 'stopped close()']);
  });

  it('happens once: a second request gets the same report', async () => {
    const { lifecycle, log, start } = recorded([step('a')]);
    await start('a');
    const [first, second] = await Promise.all([lifecycle.stop('SIGTERM'), lifecycle.stop('close()')]);
    expect(second).toBe(first);
    expect(await lifecycle.stop('again')).toBe(first);
    expect(log.filter((entry) => entry.startsWith('stop'))).toEqual(['stop a', 'stopped SIGTERM']);
  });

  it('continues after a step that fails, and is not clean', async () => {
    const error = new Error('broken');
    const { lifecycle, log, start } = recorded([step('a'), step('b')], {
      a: { stop: () => Promise.reject(error) },
    });
    await start('a', 'b');
    const report = await lifecycle.stop('SIGTERM');
    expect(report.phases).toEqual([
      { name: 'a', durationMs: 0, error },
      { name: 'b', durationMs: 0 },
    ]);
    expect([log.at(-2), report.clean]).toEqual(['stop b', false]);
  });

  it('gathers facts, and is not clean where a step says so', async () => {
    const { lifecycle, start } = recorded([step('a'), step('b')], {
      a: { stop: () => ({ clean: false, facts: { forced: 1 } }) },
      b: { stop: () => ({ facts: { drained: 2 } }) },
    });
    await start('a', 'b');
    expect(await lifecycle.stop('SIGTERM')).toMatchObject({
      clean: false,
      facts: { forced: 1, drained: 2 },
    });
  });

  it.each([
    ['at its limit', false, 3000],
    ['a margin after its limit, where it keeps to that itself', true, 3000 + STOP_MARGIN_MS],
  ])('leaves a step behind that hangs: %s', async (_, keepsLimit, leftMs) => {
    const hangs = { stop: () => new Promise<void>(() => {}) };
    const { clock, lifecycle, log, start } = recorded([step('a', 3000, keepsLimit), step('b')], { a: hangs });
    await start('a', 'b');
    const stopped = lifecycle.stop('SIGTERM');
    await clock.awaitScheduled();
    await clock.advance(leftMs - 1);
    expect(log).not.toContain('stop b');
    await clock.advance(1);
    const report = await stopped;
    expect(report.phases[0]).toEqual({ name: 'a', durationMs: leftMs, error: expect.any(StepTimeoutError) });
    expect([log.at(-2), report.clean, report.durationMs]).toEqual(['stop b', false, leftMs]);
    expect(clock.scheduled).toBe(0);
  });

  it('hands each step its limit', async () => {
    const limits: number[] = [];
    const stop: Phase['stop'] = ({ limitMs }) => void limits.push(limitMs);
    const { lifecycle, start } = recorded([step('a', 7, true), step('b', 8)], { a: { stop }, b: { stop } });
    await start('a', 'b');
    await lifecycle.stop('SIGTERM');
    expect(limits).toEqual([7, 8]);
  });

  it('before the start has nothing to stop, and no start comes after it', async () => {
    const { lifecycle, log, start } = recorded([step('a')]);
    expect(await lifecycle.stop('SIGTERM')).toMatchObject({ phases: [], clean: true });
    const error = await start('a').catch((thrown: unknown) => thrown);
    expect(lifecycle.isStopOf(error)).toBe(true);
    expect(log).toEqual([]);
  });

  it('after a failure is not clean', async () => {
    const { lifecycle, start } = recorded([step('a')]);
    await start('a');
    lifecycle.fail(undefined);
    expect(await lifecycle.whenStopped).toMatchObject({ reason: 'failure', clean: false });
    expect(lifecycle.failed).toBeInstanceOf(Error);
  });
});

describe('a stop that comes during the start', () => {
  it('waits for the phase that is being started, starts no other, and undoes', async () => {
    const up = deferred();
    const { lifecycle, log, start } = recorded([step('b'), step('a')], { a: { start: () => up.promise } });
    const started = start('a', 'b').catch((thrown: unknown) => thrown);
    const stopped = lifecycle.stop('SIGTERM');
    expect(lifecycle.stopping.aborted).toBe(true);
    expect(log).toEqual([]);
    up.resolve();
    expect(await stopped).toMatchObject({ reason: 'SIGTERM', clean: true });
    expect(lifecycle.isStopOf(await started)).toBe(true);
    expect(log).toEqual(['stop a', 'stopped SIGTERM']);
  });

  it('that is forced does not wait for it, and is not clean', async () => {
    const { lifecycle, log, start } = recorded([step('a')], { a: { start: () => new Promise(() => {}) } });
    void start('a');
    const stopped = lifecycle.stop('SIGTERM');
    lifecycle.force();
    expect(await stopped).toMatchObject({ clean: false });
    expect(log).toEqual(['stop a', 'stopped SIGTERM']);
  });
});

describe('a stop that is forced', () => {
  it('tells the step, which ends as it can', async () => {
    const begun = deferred();
    const { lifecycle, start } = recorded([step('a', 60_000, true)], {
      a: {
        stop: ({ force }) => {
          begun.resolve();
          return new Promise((end) => force.addEventListener('abort', () => end()));
        },
      },
    });
    await start('a');
    const stopped = lifecycle.stop('SIGTERM');
    await begun.promise;
    lifecycle.force();
    expect((await stopped).phases).toEqual([{ name: 'a', durationMs: 0 }]);
  });

  it('leaves behind what hangs after a second: the step it comes in, and each after it', async () => {
    const hangs = { stop: () => new Promise<void>(() => {}) };
    const steps = [step('a', 60_000), step('b', 60_000), step('c', 300)];
    const { clock, lifecycle, start } = recorded(steps, { a: hangs, b: hangs, c: hangs });
    await start('a', 'b', 'c');
    const stopped = lifecycle.stop('SIGTERM');
    await clock.awaitScheduled();
    await clock.advance(5000);
    lifecycle.force();
    await clock.advance(2 * FORCED_STEP_MS + 300);
    const { phases } = await stopped;
    expect(phases.map(({ durationMs }) => durationMs)).toEqual([5000 + FORCED_STEP_MS, FORCED_STEP_MS, 300]);
    expect(clock.scheduled).toBe(0);
  });
});
