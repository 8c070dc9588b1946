import { describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.js';
import { FORCED_STEP_MS } from './step.js';
import { runStopCallbacks } from './stop-callbacks.js';

function callbacks(...names: string[]) {
  const called: string[] = [];
  const made = names.map((name) => ({
    name,
    run: () => {
      called.push(name);
      if (name.startsWith('broken')) throw new Error(`${name} broke`);
      return name.startsWith('hung') ? new Promise<void>(() => {}) : undefined;
    },
  }));
  return { called, made };
}

const messagesOf = (run: Promise<void>) =>
  run.then(
    () => [],
    (error: AggregateError) => error.errors.map((each: Error) => each.message),
  );

describe('runStopCallbacks', () => {
  it('runs all in order, whatever one of them throws', async () => {
    const { called, made } = callbacks('a', 'broken b', 'c');
    const limits = { eachMs: 10, allMs: 20, force: new AbortController().signal };
    expect(await messagesOf(runStopCallbacks(made, new FakeClock(), limits))).toEqual(['broken b broke']);
    expect(called).toEqual(['a', 'broken b', 'c']);
  });

  it('gives each a limit and all one together; those that are left are called, and not waited for', async () => {
    const clock = new FakeClock();
    const { called, made } = callbacks('a', 'hung b', 'hung c', 'hung d', 'e');
    const limits = { eachMs: 2000, allMs: 3000, force: new AbortController().signal };
    const messages = messagesOf(runStopCallbacks(made, clock, limits));
    // Until the one that hangs is under way.
    await clock.advance(0);
    await clock.advance(3000);
    expect(await messages).toEqual([
      'stop callback "hung b" was not done after 2000 ms and was left behind',
      'stop callback "hung c" was not done after 1000 ms and was left behind',
      'stop callback "hung d" was not done after 0 ms and was left behind',
    ]);
    expect(called).toEqual(['a', 'hung b', 'hung c', 'hung d', 'e']);
    expect(clock.scheduled).toBe(0);
  });

  it('hurries when it is forced', async () => {
    const clock = new FakeClock();
    const { called, made } = callbacks('hung a', 'b');
    const force = new AbortController();
    const limits = { eachMs: 60_000, allMs: 60_000, force: force.signal };
    const messages = messagesOf(runStopCallbacks(made, clock, limits));
    force.abort();
    await clock.advance(FORCED_STEP_MS);
    expect(await messages).toEqual([
      `stop callback "hung a" was not done after ${FORCED_STEP_MS} ms and was left behind`,
    ]);
    expect(called).toEqual(['hung a', 'b']);
  });
});
