import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ResponseWindow } from './response-window.js';

/** A window before a transport that takes messages, oldest first, when the test says so. */
function sized(bytesOf: (message: unknown) => number = () => 1, congested = true) {
  const inFlight: Array<{ bytes: number; taken: () => void }> = [];
  const call = {
    writable: true,
    congested,
    send(message: unknown, taken: () => void): number {
      if (!call.writable) return 0;
      inFlight.push({ bytes: bytesOf(message), taken });
      return bytesOf(message);
    },
  };
  const window = new ResponseWindow(call);
  /** Whether a sender that waits has gone on. */
  const waiting = () => {
    const state = { open: false };
    void window.whenOpen().then(() => (state.open = true));
    return state;
  };
  const take = (count: number) => {
    for (const { taken } of inFlight.splice(0, count)) taken();
    return new Promise<void>((resolve) => setImmediate(resolve));
  };
  return { call, window, inFlight, waiting, take };
}

describe('the window of an answer', () => {
  it('is full at 64 messages, and opens when half of them were taken', async () => {
    const { window, waiting, take } = sized();
    for (let sent = 0; sent < 64; sent++) {
      expect(window.full).toBe(false);
      window.send(sent);
    }
    expect(window.full).toBe(true);
    const sender = waiting();
    await take(31);
    expect(sender.open).toBe(false);
    await take(1);
    expect([sender.open, window.full]).toEqual([true, false]);
  });

  it('has room for 256 messages that are written at once, and for 64 of them once they have to wait', async () => {
    const { call, window, waiting, take } = sized(() => 1, false);
    for (; !window.full; window.send(0));
    const sender = waiting();
    await take(127);
    expect(sender.open).toBe(false);
    call.congested = true;
    await take(1 + 95);
    expect([sender.open, window.full]).toEqual([false, false]);
    await take(1);
    expect(sender.open).toBe(true);
  });

  it('is full at 64 KiB, however few messages have them', async () => {
    const { window, waiting, take } = sized((message) => Number(message));
    window.send(32 * 1024);
    window.send(32 * 1024 - 1);
    expect(window.full).toBe(false);
    window.send(1);
    expect([window.full, window.bytesInFlight]).toEqual([true, 64 * 1024]);
    const sender = waiting();
    await take(1);
    expect([sender.open, window.bytesInFlight]).toEqual([true, 32 * 1024]);
  });

  it('stays shut while what is left is too large by itself', async () => {
    const { window, waiting, take } = sized((message) => Number(message));
    window.send(1024);
    window.send(64 * 1024);
    const sender = waiting();
    await take(1);
    expect([sender.open, window.full]).toEqual([false, true]);
    await take(1);
    expect(sender.open).toBe(true);
  });

  it('lets one message through, however large', async () => {
    const { window, waiting, take } = sized(() => 1024 * 1024);
    window.send('large');
    const sender = waiting();
    await take(1);
    expect([sender.open, window.bytesInFlight]).toEqual([true, 0]);
  });

  it('delays nobody while there is room, nor when nobody waits for the response', async () => {
    const { call, window } = sized();
    await window.whenOpen();
    for (let sent = 0; sent < 64; sent++) window.send(sent);
    call.writable = false;
    await window.whenOpen();
    expect(window.full).toBe(true);
  });

  it('lets a sender go that waits when the call is over, and may be released again', async () => {
    const { window, waiting, take } = sized();
    window.release();
    for (let sent = 0; sent < 64; sent++) window.send(sent);
    const sender = waiting();
    window.release();
    window.release();
    await take(0);
    expect(sender.open).toBe(true);
  });

  it('passes on what a message throws, and does not count it', () => {
    const { window } = sized(() => {
      throw new RangeError('does not fit');
    });
    expect(() => window.send('bad')).toThrow(RangeError);
    expect([window.bytesInFlight, window.full]).toEqual([0, false]);
  });

  it('keeps a bounded amount in flight, and always continues, whatever the sizes and the reader', async () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 40_000 }), { maxLength: 300, size: 'max' });
    const reader = fc.infiniteStream(fc.integer({ min: 1, max: 80 }));
    await fc.assert(
      fc.asyncProperty(sizes, reader, async (messages, takes) => {
        const { window, inFlight, take } = sized((message) => Number(message));
        for (const bytes of messages) {
          while (window.full) {
            const open = window.whenOpen();
            await take(takes.next().value);
            if (inFlight.length === 0) await open;
          }
          window.send(bytes);
          expect(inFlight.length).toBeLessThanOrEqual(64);
          expect(window.bytesInFlight).toBe(inFlight.reduce((sum, each) => sum + each.bytes, 0));
          expect(window.bytesInFlight).toBeLessThan(64 * 1024 + 40_000);
        }
        await take(inFlight.length);
        expect([window.bytesInFlight, window.full]).toEqual([0, false]);
      }),
      { numRuns: 40 },
    );
  });
});
