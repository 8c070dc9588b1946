import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { processClock, Timer, Timers, type WireClock } from './timers.js';

/** A clock with a single alarm, controlled by the test. */
class OneAlarm implements WireClock {
  nowMs = 0;
  scheduled = 0;
  alarm: { readonly atMs: number; readonly callback: () => void } | undefined;

  now(): number {
    return this.nowMs;
  }

  monotonicMs(): number {
    return this.nowMs;
  }

  schedule(delayMs: number, callback: () => void): () => void {
    this.scheduled++;
    const alarm = { atMs: this.nowMs + delayMs, callback };
    this.alarm = alarm;
    return () => {
      if (this.alarm === alarm) this.alarm = undefined;
    };
  }

  advance(ms: number): void {
    const until = this.nowMs + ms;
    while (this.alarm && this.alarm.atMs <= until) {
      const { atMs, callback } = this.alarm;
      this.alarm = undefined;
      this.nowMs = Math.max(this.nowMs, atMs);
      callback();
    }
    this.nowMs = until;
  }
}

function timing() {
  const clock = new OneAlarm();
  const fired: string[] = [];
  return {
    clock,
    timers: new Timers(clock),
    fired,
    timer: (name: string) => new Timer(() => fired.push(name)),
  };
}

describe('timers', () => {
  it('fire once, on time and in order, with a single alarm', () => {
    const { clock, timers, fired, timer } = timing();
    for (const [name, ms] of [
      ['c', 30],
      ['a', 10],
      ['b', 20],
    ] as const)
      timers.arm(timer(name), ms);
    clock.advance(9);
    expect(fired).toEqual([]);
    clock.advance(1);
    expect(fired).toEqual(['a']);
    clock.advance(100);
    expect([fired, clock.alarm]).toEqual([['a', 'b', 'c'], undefined]);
  });

  it('reschedule the alarm only for one that is due sooner', () => {
    const { clock, timers, timer } = timing();
    for (let n = 0; n < 100; n++) timers.arm(timer('x'), 50 + n);
    expect(clock.scheduled).toBe(1);
    timers.arm(timer('sooner'), 49);
    expect([clock.scheduled, clock.alarm?.atMs]).toEqual([2, 49]);
  });

  it('cancel the alarm when the last one is disarmed, and can set it again', () => {
    const { clock, timers, fired, timer } = timing();
    const [one, other] = [timer('one'), timer('other')];
    timers.arm(one, 10);
    timers.arm(other, 20);
    timers.disarm(one);
    timers.disarm(one);
    expect(clock.alarm).toBeDefined();
    timers.disarm(other);
    expect(clock.alarm).toBeUndefined();
    timers.arm(other, 5);
    clock.advance(5);
    expect(fired).toEqual(['other']);
  });

  it('can be rearmed, and disarmed with Infinity', () => {
    const { clock, timers, fired, timer } = timing();
    const one = timer('one');
    timers.arm(one, 10);
    timers.arm(one, 20);
    clock.advance(19);
    expect(fired).toEqual([]);
    timers.arm(one, Infinity);
    clock.advance(100);
    expect([fired, clock.alarm, one.place]).toEqual([[], undefined, -1]);
  });

  it('can wait longer than Node timers, and do not wake up early for a fraction', () => {
    const { clock, timers, fired, timer } = timing();
    timers.arm(timer('far'), 2 ** 32);
    expect(clock.alarm?.atMs).toBe(2 ** 31 - 1);
    clock.advance(2 ** 32 - 1);
    expect(fired).toEqual([]);
    clock.advance(1);
    expect(fired).toEqual(['far']);
    timers.arm(timer('fraction'), 0.25);
    expect(clock.alarm?.atMs).toBe(clock.nowMs + 1);
    timers.arm(timer('past'), -5);
    expect(clock.alarm?.atMs).toBe(clock.nowMs);
  });

  it('can be armed and disarmed by those that fire', () => {
    const { clock, timers, fired, timer } = timing();
    const doomed = timer('doomed');
    let left = 3;
    const again = new Timer(() => {
      fired.push('again');
      timers.disarm(doomed);
      if (--left > 0) timers.arm(again, 10);
    });
    timers.arm(again, 10);
    timers.arm(doomed, 10);
    clock.advance(100);
    expect(fired).toEqual(['again', 'again', 'again']);
  });

  it('fire even if an earlier one throws', () => {
    const { clock, timers, fired, timer } = timing();
    timers.arm(
      new Timer(() => {
        throw new Error('broken');
      }),
      10,
    );
    timers.arm(timer('due, too'), 10);
    timers.arm(timer('later'), 20);
    expect(() => clock.advance(10)).toThrow('broken');
    clock.advance(0);
    expect(fired).toEqual(['due, too']);
    clock.advance(10);
    expect(fired).toEqual(['due, too', 'later']);
  });

  it('behave like a plain list of timers, whatever is armed, rearmed and disarmed', () =>
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom('arm', 'disarm', 'advance'), fc.nat(11), fc.nat(40)), {
          maxLength: 80,
        }),
        (steps) => {
          const { clock, timers } = timing();
          const fired: Array<readonly [number, number]> = [];
          const due = new Map<number, number>();
          const all = Array.from(
            { length: 12 },
            (_, index) => new Timer(() => fired.push([index, clock.nowMs])),
          );
          for (const [what, index, ms] of [...steps, ['advance', 0, 100] as const]) {
            if (what === 'arm') {
              timers.arm(all[index] as Timer, ms);
              due.set(index, clock.nowMs + ms);
            } else if (what === 'disarm') {
              timers.disarm(all[index] as Timer);
              due.delete(index);
            } else {
              const until = clock.nowMs + ms;
              clock.advance(ms);
              const expected = [...due].filter(([, at]) => at <= until);
              const order = (one: readonly [number, number], other: readonly [number, number]) =>
                one[1] - other[1] || one[0] - other[0];
              expect(fired.map(([, at]) => at)).toEqual(fired.map(([, at]) => at).toSorted((a, b) => a - b));
              expect(fired.splice(0).toSorted(order)).toEqual(expected.toSorted(order));
              for (const [each] of expected) due.delete(each);
            }
            expect(clock.alarm === undefined).toBe(due.size === 0);
          }
        },
      ),
    ));
});

it("the process's clock does not keep the process alive, and can be cancelled", async () => {
  let called = 0;
  processClock.schedule(1, () => called++)();
  await new Promise<void>((resolve) => {
    const keeping = setTimeout(() => {}, 10_000);
    processClock.schedule(2, () => {
      clearTimeout(keeping);
      resolve();
    });
  });
  expect(called).toBe(0);
});
