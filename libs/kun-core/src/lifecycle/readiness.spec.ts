import { EventEmitter, once } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Clock } from '../clock.js';
import { Readiness, type ReadinessOptions, type ReadinessState } from './readiness.js';

/** A clock whose one pending timer the test fires by hand. */
class HandClock implements Clock {
  readonly pending = new Map<() => void, number>();
  now = () => 0;
  monotonicMs = () => 0;
  schedule(delayMs: number, callback: () => void): () => void {
    this.pending.set(callback, delayMs);
    return () => this.pending.delete(callback);
  }
  fire(): void {
    const due = [...this.pending.keys()];
    this.pending.clear();
    for (const callback of due) callback();
  }
}

class Lines {
  readonly lines: string[] = [];
  log = (message: string) => void this.lines.push(`log ${message}`);
  warn = (message: string) => void this.lines.push(`warn ${message}`);
}

const setUp = (options: ReadinessOptions = {}) => {
  const clock = new HandClock();
  const logger = new Lines();
  const readiness = new Readiness({ clock, logger, ...options });
  const states: ReadinessState[] = [];
  readiness.changes$.subscribe((state) => states.push(state));
  return { clock, logger, readiness, states };
};

const changed = (readiness: Readiness, ready: boolean) =>
  new Promise<void>((resolve) => {
    readiness.changes$.subscribe((state) => {
      if (state.ready === ready) resolve();
    });
  });

/** A promise that the test settles. */
function gate() {
  const opener = new EventEmitter();
  return { opened: once(opener, 'open').then(() => undefined), open: () => void opener.emit('open') };
}

describe('Readiness', () => {
  it('is ready only while serving', () => {
    const { readiness, states } = setUp();
    expect(readiness.reasons).toEqual(['starting']);
    readiness.enter('serving');
    expect(readiness.isReady).toBe(true);
    readiness.enter('draining');
    expect(readiness.reasons).toEqual(['draining']);
    expect(states.map((state) => state.ready)).toEqual([false, true, false]);
  });

  it('cannot be made ready again by a user during the drain', () => {
    const { readiness } = setUp();
    readiness.enter('serving');
    readiness.setDead('full sync');
    const release = readiness.hold('cache');
    readiness.enter('draining');
    readiness.setAlive();
    release();
    expect(readiness.reasons).toEqual(['draining']);
  });

  it('ignores a start that comes after the stop', () => {
    const { readiness } = setUp();
    readiness.enter('draining');
    readiness.enter('serving');
    expect(readiness.phase).toBe('draining');
  });

  it('stays dead through the start when the user said so before', () => {
    const { readiness } = setUp();
    readiness.setDead('full sync');
    readiness.enter('serving');
    expect(readiness.reasons).toEqual(['full sync']);
    readiness.setAlive();
    expect(readiness.isReady).toBe(true);
  });

  it('waits for every hold, each released once by its function or all by name', () => {
    const { readiness } = setUp();
    readiness.enter('serving');
    const first = readiness.hold('sync');
    readiness.hold('sync');
    readiness.hold('warm-up');
    first();
    first();
    expect(readiness.reasons).toEqual(['held by sync', 'held by warm-up']);
    readiness.release('sync');
    readiness.release('nothing');
    expect(readiness.reasons).toEqual(['held by warm-up']);
    readiness.release('warm-up');
    expect(readiness.isReady).toBe(true);
  });

  it('tells each change once, the present state first', () => {
    const { readiness, states } = setUp();
    readiness.setAlive();
    readiness.setDead('a');
    readiness.setDead('a');
    readiness.setDead('b');
    expect(states.map((state) => state.reasons)).toEqual([
      ['starting'],
      ['starting', 'a'],
      ['starting', 'b'],
    ]);
  });

  it('reports each part with its status', async () => {
    const { readiness } = setUp();
    readiness.setDead('full sync');
    readiness.hold('cache');
    expect(await readiness.report()).toEqual({
      lifecycle: { status: 'down', phase: 'starting' },
      service: { status: 'down', reason: 'full sync' },
      holds: { status: 'down', names: ['cache'] },
    });
  });

  it('completes its changes when stopped', () => {
    const { readiness } = setUp();
    const complete = vi.fn<() => void>();
    readiness.changes$.subscribe({ complete });
    readiness.enter('stopped');
    expect(complete).toHaveBeenCalledOnce();
  });
});

describe('Readiness checks', () => {
  afterEach(() => vi.useRealTimers());

  it('hold serving back until they have answered', async () => {
    const { readiness } = setUp();
    const answer = gate();
    readiness.addCheck('db', () => answer.opened);
    readiness.enter('serving');
    expect(readiness.reasons).toEqual(['check db has not answered yet']);
    answer.open();
    await changed(readiness, true);
  });

  it('do not take out a serving instance by being added', () => {
    const { readiness } = setUp();
    readiness.enter('serving');
    readiness.addCheck('db', () => undefined);
    expect(readiness.isReady).toBe(true);
  });

  it('run by themselves while serving, fail and heal, with one line for each change', async () => {
    const { readiness, clock, logger } = setUp({ pollIntervalMs: 70 });
    let healthy = true;
    let runs = 0;
    readiness.addCheck(
      'db',
      () => {
        runs += 1;
        if (!healthy) throw new Error('password=hunter2 refused');
      },
      { cacheMs: 0 },
    );
    readiness.enter('serving');
    await changed(readiness, true);
    await expect.poll(() => [...clock.pending.values()]).toEqual([70]);

    healthy = false;
    clock.fire();
    await changed(readiness, false);
    expect(readiness.reasons).toEqual(['check db fails']);
    await readiness.report();
    expect(JSON.stringify(await readiness.report())).not.toContain('hunter2');

    healthy = true;
    await readiness.report();
    expect(readiness.isReady).toBe(true);
    expect(runs).toBe(5);
    expect(logger.lines).toEqual([
      'warn readiness check db fails: password=hunter2 refused',
      'log readiness check db passes again',
    ]);
  });

  it('stop with the drain, whose report leaves them out', async () => {
    const { readiness, clock } = setUp();
    const check = vi.fn<() => boolean>(() => false);
    readiness.addCheck('db', check, { cacheMs: 0 });
    readiness.enter('serving');
    await expect.poll(() => clock.pending.size).toBe(1);
    readiness.enter('draining');
    expect(clock.pending.size).toBe(0);
    expect(Object.keys(await readiness.report())).toEqual(['lifecycle', 'service', 'holds']);
    expect(readiness.reasons).toEqual(['draining']);
    expect(check).toHaveBeenCalledOnce();
  });

  it('no longer poll once the drain has begun under a running check', async () => {
    const { readiness, clock } = setUp();
    const answer = gate();
    readiness.addCheck('db', () => answer.opened);
    readiness.enter('serving');
    const running = readiness.report();
    readiness.enter('draining');
    answer.open();
    await running;
    expect(clock.pending.size).toBe(0);
  });

  it('fail at their timeout, which aborts their signal', async () => {
    const { readiness, logger } = setUp();
    let aborted = false;
    readiness.addCheck(
      'slow',
      ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            aborted = true;
            reject(new Error('echo'));
          });
        }),
      { timeoutMs: 5 },
    );
    expect(await readiness.report()).toMatchObject({
      slow: { status: 'down', message: 'timeout of 5ms exceeded' },
    });
    expect(aborted).toBe(true);
    expect(logger.lines).toEqual(['warn readiness check slow fails: timeout of 5ms exceeded']);
  });

  it('are asked once for many probes, and again when the answer is old', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { readiness } = setUp();
    const check = vi.fn<() => void>();
    readiness.addCheck('db', check, { cacheMs: 100 });
    await Promise.all([readiness.report(), readiness.report()]);
    await readiness.report();
    expect(check).toHaveBeenCalledTimes(1);
    vi.setSystemTime(Date.now() + 101);
    await readiness.report();
    expect(check).toHaveBeenCalledTimes(2);
  });

  it('say why they fail even when two probes wait for one answer', async () => {
    const { readiness, logger } = setUp();
    readiness.addCheck('db', () => Promise.reject(new Error('refused')));
    await Promise.all([readiness.report(), readiness.report()]);
    expect(logger.lines).toEqual(['warn readiness check db fails: refused']);
  });

  it('no longer count once removed', async () => {
    const { readiness } = setUp();
    const remove = readiness.addCheck('db', () => false);
    await readiness.report();
    readiness.enter('serving');
    expect(readiness.isReady).toBe(false);
    remove();
    expect(readiness.isReady).toBe(true);
    readiness.addCheck('db', () => true);
  });

  it.each(['', 'a b', '__proto__', 'lifecycle', 'service', 'holds', 'taken'])(
    'refuses the name %j',
    (name) => {
      const { readiness } = setUp();
      readiness.addCheck('taken', () => true);
      expect(() => readiness.addCheck(name, () => true)).toThrow(/name/);
    },
  );
});
