import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { END, data, ping, reset } from './raw-peer.js';
import { ServedPeer, silent } from './served-peer.js';

const id = (index: number): number => index * 2 + 1;
const calls = (peer: ServedPeer, count: number, from = 0): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, index) => peer.call(id(from + index), `${from + index}`)));
const texts = (peer: ServedPeer): string[] => peer.calls.map(({ messages }) => String(messages[0]));
const numbers = (count: number): string[] => Array.from({ length: count }, (_, index) => String(index));

/** Waits, turn by turn, until a condition holds. */
async function turnsUntil(holds: () => boolean): Promise<void> {
  while (!holds()) await turn();
}

describe('a thousand calls in one write', () => {
  it('are accepted over several turns, in order, each with its message and its end', async () => {
    const peer = new ServedPeer().greet();
    await peer.settle();
    peer.send(calls(peer, 1000));
    let most = 0;
    let before = 0;
    await turnsUntil(() => {
      most = Math.max(most, peer.calls.length - before);
      before = peer.calls.length;
      return before === 1000;
    });
    expect(most).toBeLessThanOrEqual(256);
    await peer.settle();
    expect(texts(peer)).toEqual(numbers(1000));
    expect(peer.calls.every(({ halfClosed, ends }) => halfClosed && ends.length === 1)).toBe(true);
  });

  it("do not delay another caller's call", async () => {
    const peer = new ServedPeer().greet();
    const other = new ServedPeer({ process: peer.process }).greet();
    await Promise.all([peer.settle(), other.settle()]);
    peer.send(calls(peer, 1000));
    other.send(calls(other, 1));
    await other.until(() => other.heard(1).includes('HEADERS END'));
    expect(peer.calls.length).toBeLessThan(1000);
    await peer.settle();
    expect(peer.calls).toHaveLength(1000);
  });

  it('are all accepted even if more follow, and even if the peer ends the connection', async () => {
    const peer = new ServedPeer({ limits: { maxConcurrentStreams: 2000 } }).greet();
    await peer.settle();
    for (let from = 0; from < 1000; from += 250) peer.send(calls(peer, 250, from));
    peer.near.end();
    await turnsUntil(() => peer.calls.length === 1000 && peer.calls.every(({ ends }) => ends.length === 1));
    expect(texts(peer)).toEqual(numbers(1000));
  });

  it('are no longer accepted once the connection has failed', async () => {
    const peer = new ServedPeer({ serve: silent }).greet();
    await peer.settle();
    peer.send(calls(peer, 1000));
    await turnsUntil(() => peer.calls.length > 0);
    peer.far.destroy(new Error('broken'));
    await turnsUntil(() => peer.process.stats.connectionsOpen === 0);
    const taken = peer.calls.length;
    expect(taken).toBeLessThan(1000);
    await turnsUntil(() => peer.calls.every(({ ends }) => ends.length === 1));
    await peer.turn();
    expect(peer.calls).toHaveLength(taken);
    expect(peer.calls[0]?.ends).toEqual([expect.objectContaining({ how: 'lost' })]);
    expect(peer.process.stats.streamsOpen).toBe(0);
  });

  it('are notified of a reset received with them, wherever their turn ended', async () => {
    const peer = new ServedPeer({ serve: silent }).greet();
    await peer.settle();
    // Half-closed without a message, and reset right after: the half-close must not be reported.
    const given = Array.from({ length: 300 }, (_, index) =>
      Buffer.concat([peer.headers(id(index)), data(id(index), Buffer.alloc(0), END), reset(id(index))]),
    );
    peer.send(...given);
    await peer.settle();
    expect(peer.calls).toHaveLength(300);
    expect(peer.calls.some(({ halfClosed }) => halfClosed)).toBe(false);
    expect(peer.calls.every(({ ends }) => ends[0]?.how === 'reset')).toBe(true);
  });

  it('are ended over several turns when their connection is lost, each once', async () => {
    const peer = new ServedPeer({ serve: silent }).greet();
    await peer.settle();
    peer.send(calls(peer, 1000));
    await peer.settle();
    peer.near.destroy();
    let most = 0;
    let before = 0;
    const ended = (): number => peer.calls.filter(({ ends }) => ends.length > 0).length;
    await turnsUntil(() => {
      const now = ended();
      most = Math.max(most, now - before);
      before = now;
      return now === 1000;
    });
    expect(most).toBeLessThanOrEqual(256);
    await peer.turn();
    expect(peer.calls.every(({ ends }) => ends.length === 1)).toBe(true);
  });
});

describe('the time for a header', () => {
  it('does not expire for a peer whose every write ends within a different frame', async () => {
    const peer = new ServedPeer().greet();
    await peer.settle();
    const whole = ping();
    peer.send(whole.subarray(0, 3));
    for (let step = 0; step < 20; step++) {
      await peer.turn();
      peer.clock.advance(900);
      peer.send(whole.subarray(3), whole.subarray(0, 3));
    }
    peer.send(whole.subarray(3));
    await peer.settle();
    expect(peer.closed).toBe(false);
    expect(peer.refusals).toEqual([]);
  });
});
