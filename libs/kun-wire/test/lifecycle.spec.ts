import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { ServedConnection } from '../src/server/incoming-call.js';
import {
  data,
  END,
  END_HEADERS,
  frame,
  message,
  ping,
  REQUEST,
  reset,
  settings,
  uint32,
} from './raw-peer.js';
import { echo, ServedPeer, silent } from './served-peer.js';

const MAX = 2 ** 31 - 1;

async function open(options: ConstructorParameters<typeof ServedPeer>[0] = {}): Promise<ServedPeer> {
  const peer = new ServedPeer({ serve: silent, ...options }).greet();
  await peer.settle();
  return peer;
}

/** The PING with which the server measures the round trip. */
const pingOf = (peer: ServedPeer) =>
  peer.frames.findLast(({ type, flags }) => type === 6 && flags === 0)?.payload ?? Buffer.alloc(8);
const statusOf = (peer: ServedPeer, stream: number) =>
  peer.lists
    .get(stream)
    ?.at(-1)
    ?.find(([name]) => name === 'grpc-status')?.[1];

describe('graceful shutdown', () => {
  it('accepts calls until its PING returns, refuses later ones, and closes after the last', async () => {
    const peer = await open();
    peer.send(peer.headers(1, REQUEST, END_HEADERS | END));
    await peer.settle();
    peer.connection.goAway('restart');
    peer.connection.goAway('again');
    await peer.until((p) => p.heard(0).length > 0);
    expect(peer.heard(0)).toEqual([`GOAWAY ${MAX} 0`]);
    expect(
      peer.frames
        .findLast(({ type }) => type === 7)
        ?.payload.subarray(8)
        .toString(),
    ).toBe('restart');

    peer.send(peer.headers(3, REQUEST, END_HEADERS | END), ping(1, pingOf(peer)), peer.headers(5));
    await peer.until((p) => p.heard(5).length > 0);
    expect(peer.heard(0)).toEqual([`GOAWAY ${MAX} 0`, 'GOAWAY 3 0']);
    expect(peer.heard(5)).toEqual(['RST 7']);
    expect(peer.calls).toHaveLength(2);

    peer.calls[0]?.call.sendStatus(0);
    await peer.settle();
    expect(peer.closed).toBe(false);
    peer.calls[1]?.call.sendStatus(0);
    await peer.until(({ closed }) => closed);
    expect([statusOf(peer, 1), statusOf(peer, 3)]).toEqual(['0', '0']);
  });

  it('ignores other PINGs, and does not wait forever', async () => {
    const peer = await open();
    peer.send(peer.headers(1));
    await peer.settle();
    peer.connection.goAway();
    peer.send(ping(1, Buffer.from('whatever')));
    await peer.settle();
    expect(peer.heard(0)).toHaveLength(1);
    peer.clock.advance(5000);
    await peer.until((p) => p.heard(0).length > 1);
    expect(peer.heard(0)[1]).toBe('GOAWAY 1 0');
  });

  it('waits for the PING on a connection without calls, too', async () => {
    const peer = await open();
    peer.connection.goAway();
    await peer.settle();
    expect(peer.closed).toBe(false);
    peer.send(peer.headers(1, REQUEST, END_HEADERS | END), ping(1, pingOf(peer)));
    await peer.until(({ calls }) => calls.length === 1);
    peer.last.call.sendStatus(0);
    await peer.until(({ closed }) => closed);
    expect(statusOf(peer, 1)).toBe('0');
  });

  it('is triggered by a GOAWAY of the caller', async () => {
    const peer = await open();
    peer.send(
      peer.headers(1, REQUEST, END_HEADERS | END),
      frame(7, 0, 0, Buffer.concat([uint32(0), uint32(0)])),
    );
    await peer.settle();
    expect(peer.heard(0)).toEqual(['GOAWAY 1 0']);
    peer.last.call.sendStatus(0);
    await peer.until(({ closed }) => closed);
    expect(statusOf(peer, 1)).toBe('0');
  });
});

describe('a connection that is closed', () => {
  it('answers its calls with UNAVAILABLE, notifies them, and announces the last stream', async () => {
    const peer = await open();
    peer.send(peer.headers(1), peer.headers(3, REQUEST, END_HEADERS | END));
    await peer.settle();
    peer.calls[1]?.call.sendMessage(Buffer.from('begun'));
    peer.connection.close();
    await peer.until(({ closed }) => closed);
    expect([statusOf(peer, 1), statusOf(peer, 3)]).toEqual(['14', '14']);
    expect(peer.heard(3)).toEqual(['HEADERS', 'DATA 10', 'HEADERS END']);
    expect(peer.heard(0)).toEqual(['GOAWAY 3 0']);
    await peer.turn();
    for (const { ends, answered } of peer.calls) {
      expect(answered?.code).toBe(14);
      expect(ends).toEqual([{ how: 'status', code: 14, message: 'the server is shutting down' }]);
    }
    peer.connection.close();
    peer.connection.goAway();
  });

  it('is destroyed if its last bytes are not accepted', async () => {
    const peer = await open({
      serve({ call }) {
        call.sendMessage(Buffer.alloc(3_000_000));
        return {};
      },
    });
    peer.near.pause();
    peer.send(settings([[4, 2 ** 30]]), frame(8, 0, 0, uint32(2 ** 30)), peer.headers(1));
    await peer.turn();
    peer.connection.close();
    await peer.turn();
    expect(peer.last.ends).toEqual([]);
    peer.clock.advance(1000);
    await peer.turn();
    expect(peer.last.ends).toMatchObject([{ how: 'lost' }]);
    expect(peer.process.stats.connectionsOpen).toBe(0);
  });

  it('reports that it is closed, once, whenever it is asked', async () => {
    const peer = await open();
    const told: string[] = [];
    peer.connection.onClose(() => told.push('before'));
    peer.connection.destroy();
    await peer.turn();
    peer.connection.onClose(() => told.push('after'));
    expect(told).toEqual(['before', 'after']);
    expect(peer.connection.peer).toBe('');
    expect(peer.clock.pending).toBe(0);
  });
});

describe('a connection that is lost', () => {
  it.each<[string, (peer: ServedPeer) => void]>([
    ['hangs up', (peer) => peer.near.end()],
    ['is cut', (peer) => void peer.far.destroy()],
    ['fails', (peer) => void peer.far.destroy(new Error('read ECONNRESET'))],
  ])('because the peer %s ends every call, once', async (_, lose) => {
    const peer = await open();
    peer.send(
      peer.headers(1),
      data(1, message('half').subarray(0, 6)),
      peer.headers(3, REQUEST, END_HEADERS | END),
    );
    await peer.settle();
    peer.calls[1]?.call.sendMessage(Buffer.from('more'));
    lose(peer);
    await peer.turn();
    for (const { ends, call } of peer.calls) {
      expect(ends).toMatchObject([{ how: 'lost' }]);
      expect(call.writable).toBe(false);
      call.sendMessage(Buffer.from('late'));
      call.sendStatus(0);
      call.read();
      call.reset(8);
    }
    peer.clock.advance(1000);
    await peer.turn();
    expect(peer.process.stats).toMatchObject({ connectionsOpen: 0, streamsOpen: 0 });
    expect(peer.process.unfinished.usedBytes).toBe(0);
    expect(peer.process.unsent.usedBytes).toBe(0);
    expect(peer.clock.pending).toBe(0);
  });

  it('before its status was accepted is reported as lost', async () => {
    const peer = await open();
    peer.send(peer.headers(1, REQUEST, END_HEADERS | END));
    await peer.settle();
    peer.last.call.sendStatus(0);
    peer.far.destroy();
    await peer.turn();
    expect(peer.last.ends).toMatchObject([{ how: 'lost' }]);
  });
});

describe('keepalive', () => {
  it('pings a silent peer with open calls, and disconnects one that does not respond', async () => {
    const peer = await open();
    peer.send(peer.headers(1));
    await peer.settle();
    peer.clock.advance(60_000);
    await peer.turn();
    expect(peer.process.stats.keepalivePings).toBe(1);
    expect(peer.frames.filter(({ type, flags }) => type === 6 && flags === 0)).toHaveLength(1);
    peer.clock.advance(19_999);
    await peer.turn();
    expect(peer.last.ends).toEqual([]);
    peer.clock.advance(1);
    await peer.turn();
    expect(peer.last.ends).toMatchObject([{ how: 'lost' }]);
    expect(peer.refusals.map(({ reason }) => reason)).toEqual(['keepalive-timeout']);
  });

  it.each([
    ['an acknowledgement', () => ping(1, Buffer.alloc(8))],
    ['anything else', () => frame(8, 0, 0, uint32(1))],
  ])('accepts %s as a response', async (_, answer) => {
    const peer = await open();
    peer.send(peer.headers(1));
    await peer.settle();
    for (let asked = 1; asked <= 3; asked++) {
      peer.clock.advance(asked === 1 ? 60_000 : 45_000);
      expect(peer.process.stats.keepalivePings).toBe(asked);
      peer.clock.advance(5000);
      peer.send(answer());
      await peer.turn();
      peer.clock.advance(15_000);
      expect(peer.last.ends).toEqual([]);
    }
  });

  it('leaves connections without calls, and active ones, alone', async () => {
    const peer = await open();
    peer.clock.advance(600_000);
    expect(peer.process.stats.keepalivePings).toBe(0);
    peer.send(peer.headers(1));
    for (let step = 0; step < 10; step++) {
      peer.clock.advance(30_000);
      peer.send(ping());
      await peer.turn();
    }
    expect(peer.process.stats.keepalivePings).toBe(0);
  });
});

describe('a connection that is idle', () => {
  it('keeps nothing of its last call, however it ended', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const ways: Array<(peer: ServedPeer) => void> = [
      (peer) => peer.send(peer.call(1, 'hello')),
      (peer) => peer.send(Buffer.concat([peer.headers(1), data(1, message('half')), reset(1)])),
    ];
    for (const way of ways) {
      const peer = await open({ serve: echo });
      way(peer);
      await peer.settle();
      expect(peer.last.ends).toHaveLength(1);
      const call = new WeakRef(peer.last.call);
      peer.calls.length = 0;
      await peer.turn();
      collect();
      expect(call.deref()).toBeUndefined();
      expect(peer.connection.openStreams).toBe(0);
    }
  });
});

describe('age and idleness', () => {
  it('trigger GOAWAY after a period without calls, restarted after each', async () => {
    const peer = await open({ limits: { maxIdleMs: 1000 } });
    peer.clock.advance(900);
    peer.send(peer.headers(1, REQUEST, END_HEADERS | END));
    await peer.settle();
    peer.clock.advance(5000);
    expect(peer.heard(0)).toEqual([]);
    peer.last.call.sendStatus(0);
    await peer.settle();
    peer.clock.advance(999);
    await peer.settle();
    expect(peer.heard(0)).toEqual([]);
    peer.clock.advance(1);
    await peer.until((p) => p.heard(0).length > 0);
    peer.send(ping(1, pingOf(peer)));
    await peer.until(({ closed }) => closed);
    expect(peer.heard(0)).toEqual([`GOAWAY ${MAX} 0`, 'GOAWAY 1 0']);
  });

  it('trigger GOAWAY at an age, with a jitter of a tenth, and end calls that outlive the grace period', async () => {
    const peer = await open({ limits: { maxAgeMs: 10_000, maxAgeGraceMs: 2000 } });
    peer.send(peer.headers(1));
    await peer.settle();
    peer.clock.advance(8999);
    await peer.settle();
    expect(peer.heard(0)).toEqual([]);
    peer.clock.advance(2001);
    await peer.until((p) => p.heard(0).length > 0);
    expect(peer.last.answered).toBeUndefined();
    peer.clock.advance(2000);
    await peer.until(({ closed }) => closed);
    expect(peer.last.answered?.code).toBe(14);
    expect(statusOf(peer, 1)).toBe('14');
  });
});

describe('a handler that throws', () => {
  it('ends its connection, and the error reaches the reader of the socket', async () => {
    const seen: unknown[] = [];
    let connection: ServedConnection | undefined;
    const peer = new ServedPeer({
      serve(call) {
        ({ connection } = call.call);
        throw new Error('a bug');
      },
    });
    const original = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.once('uncaughtException', (error) => seen.push(error));
    peer.greet();
    peer.send(peer.headers(1));
    await peer.until(({ closed }) => closed);
    for (const listener of original) process.on('uncaughtException', listener);
    expect(seen).toMatchObject([{ message: 'a bug' }]);
    expect(connection?.openStreams).toBe(0);
    expect(peer.heard(0)).toEqual(['GOAWAY 1 2']);
  });
});
