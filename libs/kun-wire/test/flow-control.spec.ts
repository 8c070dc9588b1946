import { describe, expect, it } from 'vitest';
import {
  data,
  END,
  END_HEADERS,
  message,
  REQUEST,
  settings,
  uint32,
  windowUpdate,
  type Fields,
} from './raw-peer.js';
import { echo, ServedPeer, silent, type SeenCall } from './served-peer.js';

const HOLD: Fields = REQUEST.map(
  ([key, value]) => [key, key === ':path' ? '/test.Service/Hold' : value] as const,
);
const serve = (seen: SeenCall) => (seen.call.path === '/test.Service/Hold' ? silent() : echo(seen));

const granted = (peer: ServedPeer, stream: number): number =>
  peer.frames
    .filter((frame) => frame.type === 8 && frame.stream === stream)
    .reduce((sum, { payload }) => sum + payload.readUInt32BE(0), 0);
const dataBytes = (peer: ServedPeer, stream: number): number =>
  peer.frames
    .filter((frame) => frame.type === 0 && frame.stream === stream)
    .reduce((sum, { payload }) => sum + payload.length, 0);

/** The DATA frames of a body, as large as allowed. */
function frames(stream: number, body: Buffer, end = 0): Buffer[] {
  const all: Buffer[] = [];
  for (let at = 0; at < body.length; at += 16_384) {
    const last = at + 16_384 >= body.length;
    all.push(data(stream, body.subarray(at, at + 16_384), last ? end : 0));
  }
  return all;
}

describe('receiving', () => {
  it('does not replenish the window of an unread stream, and stalls no other stream', async () => {
    const peer = new ServedPeer({ serve }).greet();
    const slow = Array.from({ length: 20 }, (_, index) => index * 2 + 1);
    const full = Buffer.concat(Array.from({ length: 8 }, () => message(Buffer.alloc(32_763))));
    for (const stream of slow) peer.send(peer.headers(stream, HOLD), ...frames(stream, full));
    await peer.settle();
    for (const stream of slow) expect(granted(peer, stream)).toBe(0);
    // 5 MiB in total, and the connection's window is unchanged.
    expect(peer.process.unfinished.usedBytes).toBe(20 * full.length);
    expect(granted(peer, 0)).toBeGreaterThan(4 * 1024 * 1024 - 65_535 + 2 * 1024 * 1024);
    peer.send(peer.call(1001));
    await peer.until((p) => p.lists.get(1001)?.length === 2);

    const reading = peer.calls[0];
    for (let read = 0; read < 4; read++) reading?.call.read();
    await peer.settle();
    expect(reading?.messages).toHaveLength(4);
    expect(granted(peer, 1)).toBeGreaterThanOrEqual(4 * 32_768);
    expect(granted(peer, 3)).toBe(0);
  });

  it('stalls the connection if the unread bytes of all streams exceed the limit, until they are read', async () => {
    const peer = new ServedPeer({
      serve,
      limits: { connectionWindowBytes: 131_072, maxUnreadBytes: 131_072 },
    }).greet();
    const body = message(Buffer.alloc(131_072 - 5));
    peer.send(peer.headers(1, HOLD), ...frames(1, body), peer.headers(3, HOLD));
    await peer.settle();
    const before = granted(peer, 0);
    peer.send(...frames(3, body));
    await peer.settle();
    expect(granted(peer, 0)).toBe(before);
    peer.calls[0]?.call.read();
    peer.calls[1]?.call.read();
    peer.send(windowUpdate(0, 1));
    await peer.settle();
    expect(granted(peer, 0)).toBe(before + 131_072);
  });

  it('enlarges the window for a requested message that exceeds it', async () => {
    const peer = new ServedPeer({ limits: { streamWindowBytes: 65_536 } }).greet();
    const body = message(Buffer.alloc(1_000_000, 'x'));
    peer.send(peer.headers(1), ...frames(1, body.subarray(0, 16_384)));
    await peer.settle();
    expect(granted(peer, 1)).toBeGreaterThanOrEqual(body.length - 65_536);
    peer.send(settings([[4, 2 ** 30]]), windowUpdate(0, 2 ** 30), ...frames(1, body.subarray(16_384), END));
    await peer.until((p) => p.lists.get(1)?.length === 2);
    expect(dataBytes(peer, 1)).toBe(body.length);
  });

  it('enlarges it for a message requested after its beginning has arrived', async () => {
    const peer = new ServedPeer({ serve, limits: { streamWindowBytes: 65_536 } }).greet();
    peer.send(peer.headers(1, HOLD), ...frames(1, message(Buffer.alloc(1_000_000)).subarray(0, 65_536)));
    await peer.settle();
    expect(granted(peer, 1)).toBe(0);
    peer.last.call.read();
    await peer.settle();
    expect(granted(peer, 1)).toBeGreaterThanOrEqual(1_000_000 - 65_536);
  });

  it('grows the window of a stream that is read as fast as it arrives, up to its limit', async () => {
    const limits = { streamWindowBytes: 65_536, maxStreamWindowBytes: 262_144 };
    const peer = new ServedPeer({ limits }).greet();
    peer.send(peer.headers(1));
    let sent = 0;
    for (let round = 0; round < 40; round++) {
      peer.send(...frames(1, message(Buffer.alloc(32_763))));
      sent += 32_768;
      await peer.settle();
    }
    const open = 65_536 + granted(peer, 1) - sent;
    expect(open).toBeGreaterThan(131_072);
    expect(open).toBeLessThanOrEqual(262_144);
  });

  it('keeps thousands of small unread messages in few bytes', async () => {
    const peer = new ServedPeer({ serve }).greet();
    const body = Buffer.concat(Array.from({ length: 3000 }, () => message('')));
    peer.send(peer.headers(1, HOLD), ...frames(1, body, END));
    await peer.settle();
    expect(peer.process.unfinished.usedBytes).toBe(body.length);
    const { call, messages } = peer.last;
    for (let read = 0; read < 3000; read++) call.read();
    expect(messages).toHaveLength(3000);
    expect(peer.last.halfClosed).toBe(true);
    expect(peer.process.unfinished.usedBytes).toBe(0);
  });

  it("loses none of the connection's window to streams that are reset unread", async () => {
    const peer = new ServedPeer({ serve }).greet();
    const body = message(Buffer.alloc(100_000 - 5));
    for (let call = 0; call < 100; call++) {
      peer.send(peer.headers(call * 2 + 1, HOLD), ...frames(call * 2 + 1, body));
      peer.send(Buffer.from('0000040300', 'hex'), uint32(call * 2 + 1), uint32(8));
    }
    await peer.settle();
    expect(4 * 1024 * 1024 - 65_535 + 100 * 100_000 - granted(peer, 0)).toBeLessThan(
      2 * 1024 * 1024 + 4 * 1024 * 1024,
    );
    expect(peer.process.unfinished.usedBytes).toBe(0);
  });

  it('replenishes the window for padding', async () => {
    const peer = new ServedPeer({ serve }).greet();
    peer.send(peer.headers(1, HOLD));
    for (let sent = 0; sent < 1200; sent++) {
      peer.send(data(1, Buffer.concat([Buffer.of(255), message(''), Buffer.alloc(255)]), 8));
      if (sent % 100 === 0) await peer.settle();
    }
    await peer.settle();
    expect(peer.heard(1).filter((text) => text.startsWith('RST'))).toEqual([]);
  });
});

describe('sending', () => {
  const answerWith = (body: Buffer) => (seen: SeenCall) => {
    seen.call.read();
    return {
      onHalfClose() {
        seen.call.sendMessage(body);
        seen.call.sendStatus(0);
      },
    };
  };

  it.each([1, 4, 5, 6, 100])('fits a window of %d bytes', async (window) => {
    const peer = new ServedPeer({ serve: answerWith(Buffer.from('0123456789')) }).greet([[4, window]]);
    peer.send(peer.call(1));
    let expected = Math.min(window, 15);
    await peer.until((p) => dataBytes(p, 1) >= expected);
    await peer.settle();
    expect(dataBytes(peer, 1)).toBe(expected);
    while (expected < 15) {
      peer.send(windowUpdate(1, 1));
      expected++;
      await peer.until((p) => dataBytes(p, 1) >= expected);
    }
    await peer.until((p) => p.lists.get(1)?.length === 2);
    const sent = peer.frames.filter(({ type }) => type === 0).map(({ payload }) => payload);
    expect(Buffer.concat(sent)).toEqual(message('0123456789'));
  });

  it('respects a window that settings make negative (6.9.2)', async () => {
    const peer = new ServedPeer({ serve: answerWith(Buffer.alloc(95)) }).greet([[4, 50]]);
    peer.send(peer.call(1));
    await peer.until((p) => dataBytes(p, 1) === 50);
    peer.send(settings([[4, 10]]), windowUpdate(1, 39));
    await peer.settle();
    expect(dataBytes(peer, 1)).toBe(50);
    peer.send(windowUpdate(1, 2));
    await peer.until((p) => dataBytes(p, 1) > 50);
    expect(dataBytes(peer, 1)).toBe(51);
    peer.send(settings([[4, 1000]]));
    await peer.until((p) => p.lists.get(1)?.length === 2);
  });

  it("keeps frames within the peer's limit, however many messages share them", async () => {
    const peer = new ServedPeer({
      serve: ({ call }) => {
        for (let sent = 0; sent < 3000; sent++) call.sendMessage(Buffer.alloc(20, sent));
        call.sendStatus(0);
        return silent();
      },
    }).greet([[4, 2 ** 24]]);
    peer.send(windowUpdate(0, 2 ** 24), peer.headers(1, REQUEST, END_HEADERS | END));
    await peer.until((p) => p.lists.get(1)?.length === 2);
    const bodies = peer.frames.filter(({ type }) => type === 0).map(({ payload }) => payload);
    expect(Math.max(...bodies.map(({ length }) => length))).toBeLessThanOrEqual(16_384);
    expect(bodies.length).toBeLessThan(30);
    const sent = Array.from({ length: 3000 }, (_, index) => message(Buffer.alloc(20, index)));
    expect(Buffer.concat(bodies).equals(Buffer.concat(sent))).toBe(true);
  });

  it('takes turns of one frame, and lets a small response overtake a large one', async () => {
    const peer = new ServedPeer({
      serve: (seen) => answerWith(Buffer.alloc(seen.call.path.endsWith('Hold') ? 200_000 : 10))(seen),
    }).greet([[4, 2 ** 24]]);
    peer.send(peer.call(1, '', HOLD), peer.call(3, '', HOLD), peer.call(5));
    await peer.settle();
    peer.send(windowUpdate(0, 2 ** 24));
    await peer.until((p) => [1, 3, 5].every((stream) => p.lists.get(stream)?.length === 2));
    const order = peer.frames.filter(({ type }) => type === 0).map(({ stream }) => stream);
    const ends = [1, 3, 5].map((stream) => order.lastIndexOf(stream));
    expect(ends[2]).toBeLessThan(Math.min(ends[0] ?? 0, ends[1] ?? 0));
    // Neither of the large ones sent twice in a row while the other could.
    const both = order
      .slice(order.indexOf(3), Math.min(ends[0] ?? 0, ends[1] ?? 0))
      .filter((stream) => stream !== 5);
    for (let at = 1; at < both.length; at++) expect(both[at]).not.toBe(both[at - 1]);
  });

  it("sends a stream's trailers while another has used up the connection's window", async () => {
    const peer = new ServedPeer({
      serve: (seen) => {
        if (seen.call.path.endsWith('Hold')) return answerWith(Buffer.alloc(200_000))(seen);
        seen.call.sendStatus(5);
        return silent();
      },
    }).greet([[4, 2 ** 24]]);
    peer.send(peer.call(1, '', HOLD));
    await peer.until((p) => dataBytes(p, 1) === 65_535);
    peer.send(peer.headers(3, REQUEST, END_HEADERS | END));
    await peer.until((p) => p.lists.get(3)?.length === 1);
    expect(peer.lists.get(1)).toHaveLength(1);
  });

  it('buffers in the streams while the socket is full, and reports when it has accepted a message', async () => {
    let taken = 0;
    const peer = new ServedPeer({
      serve: (seen) => {
        seen.call.read();
        return {
          onHalfClose() {
            for (let sent = 0; sent < 64; sent++) seen.call.sendMessage(Buffer.alloc(100_000), () => taken++);
            seen.call.sendStatus(0);
          },
        };
      },
    }).greet([[4, 2 ** 30]]);
    peer.send(windowUpdate(0, 2 ** 30), peer.call(1));
    peer.near.pause();
    await peer.turn();
    expect(peer.last.halfClosed).toBe(true);
    expect(taken).toBeLessThan(40);
    expect(peer.last.ends).toEqual([]);
    expect(peer.process.unsent.usedBytes).toBeGreaterThan(3_000_000);
    peer.near.resume();
    await peer.until((p) => p.lists.get(1)?.length === 2);
    await peer.turn();
    expect(taken).toBe(64);
    expect(peer.last.ends).toHaveLength(1);
    expect(peer.process.unsent.usedBytes).toBe(0);
  });

  it('drops what a reset stream had to send', async () => {
    const peer = new ServedPeer({ serve: answerWith(Buffer.alloc(1_000_000)) }).greet();
    peer.send(peer.call(1));
    await peer.until((p) => dataBytes(p, 1) > 0);
    await peer.settle();
    expect(peer.process.unsent.usedBytes).toBeGreaterThan(900_000);
    peer.send(Buffer.from('000004030000000001 00000008'.replaceAll(' ', ''), 'hex'));
    await peer.settle();
    expect(peer.process.unsent.usedBytes).toBe(0);
    expect(peer.last.ends).toEqual([{ how: 'reset', code: 8, by: 'peer' }]);
  });

  it('releases dropped messages: unsent ones immediately, started ones once the socket has accepted them', async () => {
    const taken: string[] = [];
    const peer = new ServedPeer({
      serve: ({ call }) => {
        for (const name of peer.calls.length === 1 ? ['begun', 'waiting'] : ['another']) {
          call.sendMessage(Buffer.alloc(100_000), () => taken.push(name));
          expect(taken).toEqual([]);
        }
        return silent();
      },
      processLimits: { maxUnsentBytes: 200_000 },
    }).greet();
    peer.near.pause();
    peer.send(peer.headers(1, REQUEST, END_HEADERS | END));
    await peer.turn();
    // Another response exceeds the limit: the first, which holds the most, is dropped.
    peer.send(peer.headers(3, REQUEST, END_HEADERS | END));
    await peer.turn();
    expect(peer.calls[0]?.answered).toMatchObject({ code: 8 });
    expect(taken).toContain('waiting');
    peer.near.resume();
    await peer.until((p) => p.lists.get(1)?.length === 2);
    await peer.turn();
    expect(taken.toSorted()).toEqual(['begun', 'waiting']);
    expect(peer.calls[0]?.ends).toHaveLength(1);
  });

  it('releases a message whose compression is no longer needed, once zlib has read it', async () => {
    let taken = 0;
    const peer = new ServedPeer({
      serve: ({ call }) => {
        call.sendHeaders(undefined, 'gzip');
        call.sendMessage(Buffer.alloc(100_000), () => taken++);
        call.reset(8);
        expect(taken).toBe(0);
        return silent();
      },
    }).greet();
    peer.send(peer.headers(1, [...REQUEST, ['grpc-accept-encoding', 'gzip']], END_HEADERS | END));
    await expect.poll(() => taken).toBe(1);
  });
});
