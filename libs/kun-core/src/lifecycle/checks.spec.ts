import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deferred } from '../testing/deferred.js';
import { Checks, silentProbeLogger, type CheckOptions } from './checks.js';

/** Checks of a probe, with its lines and how often it was told of a change. */
function probe() {
  const lines: string[] = [];
  const state = { transitions: 0 };
  const checks = new Checks({
    probe: 'readiness',
    logger: {
      log: (line) => void lines.push(`log ${line}`),
      warn: (line) => void lines.push(`warn ${line}`),
    },
    reserved: ['lifecycle'],
    onTransition: () => state.transitions++,
  });
  return { checks, lines, state };
}

const anew: CheckOptions = { cacheMs: 0 };

describe('a check', () => {
  it.each([
    ['nothing', () => undefined, 'up'],
    ['true', () => true, 'up'],
    ['a promise', () => Promise.resolve(), 'up'],
    ['false', () => false, 'down'],
    ['a promise of false', () => Promise.resolve(false), 'down'],
    [
      'an error',
      () => {
        throw new Error('no');
      },
      'down',
    ],
    ['a rejection', () => Promise.reject(new Error('no')), 'down'],
    ['a rejection that is no error', () => Promise.reject('no'), 'down'],
    ['a rejection of nothing', () => Promise.reject(), 'down'],
  ])('that gives %s is %s', async (_, check, status) => {
    const { checks } = probe();
    checks.add('db', check, 'passing');
    expect(await checks.run()).toMatchObject({ db: { status } });
    expect(checks.failing).toEqual(status === 'up' ? [] : ['check db fails']);
  });

  it('counts as what is assumed until its first answer', async () => {
    const { checks } = probe();
    checks.add('early', () => true, 'failing');
    checks.add('late', () => true, 'passing');
    expect(checks.failing).toEqual(['check early has not answered yet']);
    await checks.run();
    expect(checks.failing).toEqual([]);
  });

  it('reports each change once, and the first result only if it is a failure', async () => {
    const { checks, lines, state } = probe();
    let why: string | undefined;
    checks.add(
      'db',
      () => {
        if (why !== undefined) throw new Error(why);
      },
      'failing',
      anew,
    );
    for (const next of [undefined, undefined, 'refused', 'refused', 'reset', undefined, 'gone']) {
      why = next;
      await checks.run();
    }
    expect(lines).toEqual([
      'warn readiness check db fails: refused',
      'log readiness check db passes again',
      'warn readiness check db fails: gone',
    ]);
    expect(state.transitions).toBe(4);
  });

  it('keeps what it threw for the log, and out of the report', async () => {
    const { checks, lines } = probe();
    checks.add('db', () => Promise.reject(new Error('postgres://kun:hunter2@db refused')), 'passing');
    const report = JSON.stringify(await checks.run());
    expect(report).toContain('fails; the log says why');
    expect(report).not.toContain('hunter2');
    expect(lines).toEqual(['warn readiness check db fails: postgres://kun:hunter2@db refused']);
  });

  it('that hangs fails at its timeout, which its signal tells; the others are not kept from answering', async () => {
    const { checks, lines } = probe();
    const aborted = deferred();
    checks.add(
      'hangs',
      ({ signal }) => {
        signal.addEventListener('abort', () => aborted.resolve());
        return new Promise(() => {});
      },
      'passing',
      { timeoutMs: 5 },
    );
    checks.add('db', () => true, 'passing');
    expect(await checks.run()).toMatchObject({ hangs: { status: 'down' }, db: { status: 'up' } });
    await aborted.promise;
    expect(lines).toEqual(['warn readiness check hangs fails: timeout of 5ms exceeded']);
  });

  it('that was removed says nothing more, though it was being run', async () => {
    const { checks, lines, state } = probe();
    const answer = deferred<boolean>();
    const remove = checks.add('db', () => answer.promise, 'passing');
    const running = checks.run();
    remove();
    expect([checks.size, state.transitions]).toEqual([0, 1]);
    answer.resolve(false);
    await running;
    expect([checks.failing, lines, state.transitions]).toEqual([[], [], 1]);
  });

  it('leaves one that took its name later alone', async () => {
    const { checks } = probe();
    const remove = checks.add('db', () => true, 'passing');
    remove();
    checks.add('db', () => false, 'passing');
    remove();
    expect(await checks.run()).toMatchObject({ db: { status: 'down' } });
    expect(checks.size).toBe(1);
  });
});

describe('the name of a check', () => {
  it.each([
    ['lifecycle', 'readiness already reports "lifecycle"; give the check another name'],
    ['db', 'readiness already reports "db"; give the check another name'],
    ['a b', '"a b" cannot name a readiness check; use letters, digits and . _ -'],
    ['', '"" cannot name a readiness check; use letters, digits and . _ -'],
  ])('is refused: %j', (name, message) => {
    const { checks } = probe();
    checks.add('db', () => true, 'passing');
    expect(() => checks.add(name, () => true, 'passing')).toThrow(message);
    expect(checks.size).toBe(1);
  });

  it('is the key of the report, or is refused, whatever it is', async () => {
    const names = fc.oneof(fc.string(), fc.stringMatching(/^[\w.-]{1,12}$/), fc.constantFrom('__proto__'));
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(names, { maxLength: 5 }), async (given) => {
        const { checks } = probe();
        const taken = given.filter((name) => {
          try {
            checks.add(name, () => true, 'failing');
            return true;
          } catch {
            return false;
          }
        });
        expect(Object.keys(await checks.run()).toSorted()).toEqual(taken.toSorted());
        expect(checks.size).toBe(taken.length);
      }),
      { numRuns: 50 },
    );
  });
});

it('may go without a log', async () => {
  const checks = new Checks({
    probe: 'liveness',
    logger: silentProbeLogger,
    reserved: [],
    onTransition: () => undefined,
  });
  expect(await checks.run()).toEqual({});
  checks.add('db', () => false, 'passing');
  expect(await checks.run()).toMatchObject({ db: { status: 'down' } });
});
