import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TurnEnd } from './turn-end.js';
import { type Continuing, WorkTurns } from './work-turns.js';

/** Event loop turns, controlled by the test. */
class Turns {
  nowMs = 0;
  readonly work: WorkTurns;
  private scheduled = false;
  private onEnd = (): void => {};

  constructor() {
    const turnEnd = {
      afterwards: (onEnd: () => void) => (this.onEnd = onEnd),
      schedule: () => (this.scheduled = true),
    };
    this.work = new WorkTurns({ monotonicMs: () => this.nowMs }, turnEnd);
  }

  /** Runs turns until nothing is left to do; returns how many there were. */
  finish(each = (): void => {}): number {
    let turns = 0;
    for (; this.scheduled; turns++) {
      this.scheduled = false;
      this.onEnd();
      each();
    }
    return turns;
  }
}

/** A connection with a number of calls, which records each. */
function connection(
  turns: Turns,
  name: number,
  calls: number,
  done: number[],
  costMs = 0,
): Continuing & { read(): void } {
  let left = calls;
  return {
    goOn() {
      while (left > 0) {
        left--;
        done.push(name);
        turns.nowMs += costMs;
        if (!turns.work.spend() && left > 0) {
          turns.work.later(this);
          return;
        }
      }
    },
    read() {
      if (turns.work.over(turns.nowMs)) turns.work.later(this);
      else this.goOn();
    },
  };
}

describe('the work of a turn', () => {
  it('is bounded, and done once and in order for each connection', () => {
    const counts = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(counts, (counts) => {
        const turns = new Turns();
        const done: number[] = [];
        counts.forEach((calls, name) => connection(turns, name, calls, done).read());
        let before = done.length;
        expect(before).toBeLessThanOrEqual(128);
        turns.finish(() => {
          expect(done.length - before).toBeLessThanOrEqual(128);
          before = done.length;
        });
        expect(counts.map((_, name) => done.filter((one) => one === name).length)).toEqual(counts);
      }),
    );
  });

  it('ends when its time is up, however few calls were handled', () => {
    const turns = new Turns();
    const done: number[] = [];
    connection(turns, 0, 20, done, 4).read();
    expect(done).toHaveLength(3);
    // Three calls per turn, except in the last.
    expect(turns.finish()).toBe(7);
  });

  it('does not make a new connection wait for all busy ones', () => {
    const turns = new Turns();
    const done: number[] = [];
    for (let name = 0; name < 40; name++) connection(turns, name, 1000, done).read();
    let turn = 0;
    let came = 0;
    turns.finish(() => {
      turn++;
      if (turn === 20) {
        came = done.length;
        connection(turns, 99, 1, done).read();
      }
    });
    // All forty with more than a share each would take five turns.
    expect(done.indexOf(99) - came).toBeLessThanOrEqual(16);
  });

  it('does not make small work wait behind large work', () => {
    const turns = new Turns();
    const done: string[] = [];
    const work = (name: string, costMs: number): Continuing => ({
      goOn() {
        done.push(name);
        turns.nowMs += costMs;
      },
    });
    for (let index = 0; index < 16; index++) turns.work.soon(() => work('large', 15).goOn());
    turns.work.later(work('small', 1));
    turns.finish();
    // The first one runs immediately, in the current turn.
    expect(done.indexOf('small')).toBe(1);
    expect(done).toHaveLength(17);
  });

  it('continues with the others if one throws, and reports the error', () => {
    const turns = new Turns();
    const done: number[] = [];
    const breaks = new Error('broken');
    const reported: unknown[] = [];
    const { setImmediate: real } = globalThis;
    globalThis.setImmediate = ((callback: () => void) => {
      try {
        callback();
      } catch (error) {
        reported.push(error);
      }
    }) as unknown as typeof setImmediate;
    try {
      turns.work.later({
        goOn() {
          throw breaks;
        },
      });
      turns.work.later(connection(turns, 1, 1, done));
      turns.finish();
    } finally {
      globalThis.setImmediate = real;
    }
    expect(done).toEqual([1]);
    expect(reported).toEqual([breaks]);
  });
});

describe('the end of a turn', () => {
  it('comes after everyone has written', async () => {
    const end = new TurnEnd();
    const seen: string[] = [];
    end.afterwards(() => seen.push('end'));
    end.schedule();
    end.add({ flush: () => seen.push('flush') });
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toEqual(['flush', 'end']);
  });
});
