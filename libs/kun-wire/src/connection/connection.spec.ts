import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { processClock, Timer, Timers, type WireClock } from '../process/timers.js';
import { localSettings } from './connection-settings.js';
import { DEFAULT_CONNECTION_LIMITS } from './limits/connection-limits.js';
import { Closed, ClosedStreams, type ClosedHow } from './streams/closed-streams.js';
import type { Http2Stream } from './streams/http2-stream.js';
import { StreamTable } from './streams/stream-table.js';

describe('the memory of closed streams', () => {
  it('knows how each of the last 256 was closed, in whatever order, and forgets older ones', () => {
    const how = fc.constantFrom<ClosedHow>(Closed.ended, Closed.resetByPeer, Closed.resetByUs);
    const closings = fc.array(fc.record({ id: fc.nat(255).map((n) => n * 2 + 1), how }), {
      maxLength: 500,
      size: 'max',
    });
    fc.assert(
      fc.property(closings, fc.nat(2 ** 22 - 2), (list, offset) => {
        const closed = new ClosedStreams();
        const oracle = new Map<number, ClosedHow>();
        for (const { id, how } of list) {
          closed.add(id + offset * 512, how);
          oracle.set(id, how);
        }
        for (let id = 1; id < 512; id += 2) {
          expect(closed.how(id + offset * 512)).toBe(oracle.get(id) ?? Closed.unknown);
        }
        expect(closed.how(1 + (offset + 1) * 512)).toBe(Closed.unknown);
      }),
    );
  });
});

describe('the stream table', () => {
  it('behaves like a Map', () => {
    // A few ids with the same preferred places, so that the table stays small and crowded; and many others.
    const crowded = fc.constantFrom(1, 33, 65, 97, 129, 3, 35, 31, 63);
    const id = fc.oneof(
      crowded,
      fc.nat(60).map((n) => n * 2 + 1),
    );
    const steps = (of: fc.Arbitrary<number>) =>
      fc.array(fc.record({ kind: fc.constantFrom('add', 'delete', 'get'), id: of }), {
        maxLength: 200,
        size: 'max',
      });
    fc.assert(
      fc.property(fc.oneof(steps(crowded), steps(id)), (steps) => {
        const table = new StreamTable();
        const oracle = new Map<number, Http2Stream>();
        for (const { kind, id } of steps) {
          if (kind === 'add' && !oracle.has(id)) {
            const stream = { id } as unknown as Http2Stream;
            table.add(stream);
            oracle.set(id, stream);
          } else if (kind === 'delete') {
            table.delete(id);
            oracle.delete(id);
          }
          expect(table.get(id)).toBe(oracle.get(id));
          expect(table.size).toBe(oracle.size);
        }
        const ids = [...table].map((stream) => stream.id).toSorted((a, b) => a - b);
        expect(ids).toEqual([...oracle.keys()].toSorted((a, b) => a - b));
        for (const id of oracle.keys()) expect(table.get(id)).toBe(oracle.get(id));
      }),
    );
  });
});

describe('timers', () => {
  /** A clock with a single alarm. */
  class OneAlarm implements WireClock {
    time = 0;
    alarm: { readonly at: number; readonly callback: () => void } | undefined;

    now(): number {
      return this.time;
    }

    monotonicMs(): number {
      return this.time;
    }

    schedule(delayMs: number, callback: () => void): () => void {
      const alarm = { at: this.time + delayMs, callback };
      this.alarm = alarm;
      return () => {
        if (this.alarm === alarm) this.alarm = undefined;
      };
    }

    advance(to: number): void {
      while (this.alarm !== undefined && this.alarm.at <= to) {
        const { at, callback } = this.alarm;
        this.alarm = undefined;
        this.time = at;
        callback();
      }
      this.time = to;
    }
  }

  it('fire in order, each at its time, unless disarmed', () => {
    const step = fc.record({
      kind: fc.constantFrom('arm', 'arm', 'disarm', 'advance'),
      timer: fc.nat(15),
      ms: fc.nat(100),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
        const clock = new OneAlarm();
        const timers = new Timers(clock);
        const due = new Map<number, number>();
        const wrong: string[] = [];
        const all = Array.from(
          { length: 16 },
          (_, index) =>
            new Timer(() => {
              if (due.get(index) !== clock.time)
                wrong.push(`${index} fired at ${clock.time}, due ${due.get(index)}`);
              due.delete(index);
            }),
        );
        for (const { kind, timer: index, ms } of steps) {
          const timer = all[index] as Timer;
          if (kind === 'arm') {
            timers.arm(timer, ms);
            due.set(index, clock.time + ms);
          } else if (kind === 'disarm') {
            timers.disarm(timer);
            due.delete(index);
          } else {
            clock.advance(clock.time + ms);
            for (const [late, at] of due) if (at <= clock.time) wrong.push(`${late} did not fire at ${at}`);
          }
        }
        for (const timer of all) timers.disarm(timer);
        expect(clock.alarm).toBeUndefined();
        expect(wrong).toEqual([]);
      }),
    );
  });

  it('fire after an earlier one threw', () => {
    const clock = new OneAlarm();
    const timers = new Timers(clock);
    let fired = 0;
    timers.arm(
      new Timer(() => {
        throw new Error('a bug');
      }),
      1,
    );
    timers.arm(new Timer(() => fired++), 1);
    timers.arm(new Timer(() => fired++), 5);
    expect(() => clock.advance(1)).toThrow('a bug');
    clock.advance(10);
    expect(fired).toBe(2);
  });

  it('may be due later than Node timers can be, or never', () => {
    const clock = new OneAlarm();
    const timers = new Timers(clock);
    let fired = 0;
    const timer = new Timer(() => fired++);
    timers.arm(timer, Infinity);
    expect(clock.alarm).toBeUndefined();
    timers.arm(timer, 2 ** 33);
    clock.advance(2 ** 33 - 1);
    expect(fired).toBe(0);
    clock.advance(2 ** 33);
    expect(fired).toBe(1);
  });

  it("use the process's clock", async () => {
    const timers = new Timers(processClock);
    const before = processClock.monotonicMs();
    const keepAlive = setInterval(() => {}, 1000);
    await new Promise<void>((resolve) => timers.arm(new Timer(resolve), 5));
    clearInterval(keepAlive);
    expect(processClock.monotonicMs() - before).toBeGreaterThanOrEqual(5);
    expect(Math.abs(processClock.now() - Date.now())).toBeLessThan(1000);
    processClock.schedule(60_000, () => {})();
  });
});

describe('the local settings', () => {
  it('announce the frame size only if it is not the default, and support unlimited values', () => {
    const settings = localSettings({
      ...DEFAULT_CONNECTION_LIMITS,
      maxFrameBytes: 65_536,
      maxConcurrentStreams: Infinity,
    });
    expect(settings).toEqual([
      [3, 2 ** 32 - 1],
      [4, 262_144],
      [6, 16_384],
      [5, 65_536],
    ]);
  });
});
