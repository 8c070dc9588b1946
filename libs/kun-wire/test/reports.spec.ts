import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../src/frames/error-code.js';
import type { CallListener } from '../src/server/incoming-call.js';
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
  windowUpdate,
} from './raw-peer.js';
import { type SeenCall, ServedPeer, silent } from './served-peer.js';

// Bugs that users of other HTTP/2 servers have reported, tested here; each names the report.

const MIB = 1024 * 1024;
const id = (index: number): number => index * 2 + 1;
const open = (peer: ServedPeer, stream: number): Buffer => peer.headers(stream, REQUEST, END_HEADERS | END);
const granted = (peer: ServedPeer, stream: number): number =>
  peer.frames
    .filter((each) => each.type === 8 && each.stream === stream)
    .reduce((sum, { payload }) => sum + payload.readUInt32BE(0), 0);

describe('the window of the connection', () => {
  /** Sends 20 MiB of DATA to streams that the server resets, split anywhere, within the window. */
  async function upload(peer: ServedPeer, each: (stream: number) => Buffer): Promise<void> {
    let [sent, stream] = [0, 1];
    while (sent < 20 * MIB) {
      const frames = each(stream);
      sent += 16_384;
      // A client without any window left would wait forever.
      expect(65_535 + granted(peer, 0) - sent).toBeGreaterThanOrEqual(0);
      for (let at = 0; at < frames.length; at += 5000) peer.send(frames.subarray(at, at + 5000));
      await peer.turn();
      stream += 2;
    }
  }

  it('is replenished for DATA that causes a stream error (golang/go#40423)', async () => {
    const peer = new ServedPeer({ serve: silent, limits: { resetBurst: Infinity } }).greet();
    await peer.settle();
    await upload(peer, (stream) =>
      Buffer.concat([
        peer.headers(stream, [...REQUEST, ['content-length', '10']]),
        data(stream, Buffer.alloc(16_384)),
      ]),
    );
    expect(peer.process.unfinished.usedBytes).toBe(0);
  });

  it('is replenished for DATA after an early response, padded or in parts (google/quiche#91)', async () => {
    const serve = ({ call }: SeenCall): Partial<CallListener> => {
      call.sendStatus(7, 'no');
      return {};
    };
    const peer = new ServedPeer({ serve, limits: { resetBurst: Infinity } }).greet();
    await peer.settle();
    await upload(peer, (stream) =>
      Buffer.concat([
        peer.headers(stream),
        data(stream, Buffer.concat([Buffer.of(200), Buffer.alloc(16_383)]), 8),
      ]),
    );
    expect(peer.process.stats.streamsOpen).toBe(0);
  });
});

describe("a window smaller than HTTP/2's default", () => {
  it('does not apply to a caller that has not read it yet, and applies from then on (hyperium/h2#630)', async () => {
    const peer = new ServedPeer({ serve: silent, limits: { streamWindowBytes: 16_384 } });
    const body = message(Buffer.alloc(40_000));
    const greeting = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    peer.send(greeting, settings(), peer.headers(1));
    for (let at = 0; at < body.length; at += 10_000) peer.send(data(1, body.subarray(at, at + 10_000)));
    await peer.settle();
    expect(peer.heard(1)).toEqual([]);
    // 40 005 of 65 535 are used; of 16 384, that is 23 621 too many.
    peer.send(frame(4, 1, 0));
    peer.last.call.read();
    await peer.settle();
    expect(peer.last.messages[0]).toHaveLength(40_000);
    expect(16_384 - body.length + granted(peer, 1)).toBeGreaterThanOrEqual(16_384 / 2);
    // It applies to a caller that knows it.
    peer.send(peer.headers(3), data(3, Buffer.alloc(16_384)), data(3, [0]));
    await peer.settle();
    expect(peer.heard(3)).toEqual([`RST ${ErrorCode.FLOW_CONTROL_ERROR}`]);
  });
});

describe('the header table', () => {
  it('that the caller makes smaller is signalled before it is used (haproxy#1498, nghttp2#1660)', async () => {
    const peer = new ServedPeer().greet([[1, 0]]);
    peer.send(peer.call(1));
    await peer.settle();
    const block = peer.frames.find(({ type }) => type === 1)?.payload;
    expect(block?.[0]).toBe(0x20);
    expect(peer.lists.get(1)?.at(-1)).toContainEqual(['grpc-status', '0']);
  });

  it('that shrinks and grows between two responses is signalled with both sizes (RFC 7541, 4.2)', async () => {
    const peer = new ServedPeer().greet();
    peer.send(peer.call(1));
    await peer.settle();
    peer.send(settings([[1, 0]]), settings([[1, 4096]]), peer.call(3));
    await peer.settle();
    const block = peer.frames.find(({ type, stream }) => type === 1 && stream === 3)?.payload;
    expect(block?.[0]).toBe(0x20);
    expect((block?.[1] ?? 0) >> 5).toBe(1);
    expect(peer.lists.get(3)?.at(-1)).toContainEqual(['grpc-status', '0']);
  });
});

describe('a listener that acts while it is notified', () => {
  it.each<[string, (seen: SeenCall) => Partial<CallListener>]>([
    ['resets in onEnd', ({ call }) => ({ onEnd: () => call.reset(8) })],
    ['answers in onEnd', ({ call }) => ({ onEnd: () => call.sendStatus(0) })],
    [
      'resets in onMessage',
      ({ call }) => {
        call.read();
        return { onMessage: () => call.reset(8), onHalfClose: () => call.sendStatus(0) };
      },
    ],
    [
      'destroys the connection in onMessage',
      ({ call }) => {
        call.read();
        return { onMessage: () => call.connection.destroy(), onHalfClose: () => call.sendStatus(0) };
      },
    ],
    [
      'closes the connection in onHalfClose',
      ({ call }) => {
        call.read();
        return { onMessage: () => call.read(), onHalfClose: () => call.connection.close() };
      },
    ],
    ['sends GOAWAY in onEnd', ({ call }) => ({ onEnd: () => call.connection.goAway() })],
  ])('%s is notified of one end, and leaks nothing (nodejs/node#35306, #52952)', async (_, serve) => {
    const peer = new ServedPeer({ serve }).greet();
    peer.send(peer.call(1), peer.headers(3), peer.call(5), reset(3), reset(1));
    await peer.turn();
    peer.near.end();
    await peer.turn();
    peer.clock.advance(10_000);
    await peer.turn();
    expect(peer.calls.map(({ ends }) => ends.length)).toEqual(peer.calls.map(() => 1));
    expect(peer.process.stats).toMatchObject({ streamsOpen: 0, connectionsOpen: 0 });
    expect(peer.clock.pending).toBe(0);
  });
});

describe('a caller that sends GOAWAY', () => {
  it('and still makes calls is refused, and leaks nothing (CVE-2023-35945)', async () => {
    const peer = new ServedPeer({ serve: silent }).greet();
    peer.send(peer.headers(1), frame(7, 0, 0, Buffer.concat([uint32(0), uint32(0)])));
    for (let call = 1; call <= 500; call++) peer.send(peer.headers(id(call)), reset(id(call)));
    await peer.settle();
    expect(peer.calls).toHaveLength(1);
    expect(peer.heard(3)).toEqual([`RST ${ErrorCode.REFUSED_STREAM}`]);
    peer.last.call.sendStatus(0);
    await peer.until(({ closed }) => closed);
    expect(peer.process.stats.streamsOpen).toBe(0);
  });

  it('within a header block is disconnected (CVE-2024-27983)', async () => {
    const peer = new ServedPeer({ serve: silent }).greet();
    const block = peer.block();
    peer.send(frame(1, 0, 1, block.subarray(0, 10)), frame(9, 0, 1, block.subarray(10, 20)));
    await peer.turn();
    peer.far.destroy(new Error('read ECONNRESET'));
    await peer.turn();
    expect(peer.calls).toHaveLength(0);
    expect(peer.process.stats.connectionsOpen).toBe(0);
    expect(peer.clock.pending).toBe(0);
  });

  it('gets its calls served that it made before it read the GOAWAY (grpc-java#5806)', async () => {
    const peer = new ServedPeer({
      serve: silent,
      limits: { maxAgeMs: 1000, maxAgeGraceMs: 60_000 },
    }).greet();
    await peer.settle();
    peer.clock.advance(1100);
    peer.send(open(peer, 1));
    await peer.until((p) => p.heard(0).length > 0);
    const mark = peer.frames.findLast(({ type, flags }) => type === 6 && flags === 0)?.payload;
    peer.send(ping(1, mark));
    await peer.settle();
    peer.clock.advance(30_000);
    expect(peer.last.answered).toBeUndefined();
    peer.last.call.sendStatus(0);
    await peer.until(({ closed }) => closed);
    expect(peer.lists.get(1)?.at(-1)).toContainEqual(['grpc-status', '0']);
  });
});

describe('a caller that does nothing wrong', () => {
  it('never gets ENHANCE_YOUR_CALM, however many calls it makes (nodejs/node#23116)', async () => {
    const peer = new ServedPeer().greet();
    const calls = 40_000;
    for (let call = 0; call < calls; call++) {
      const stream = id(call);
      // As grpc-go and the C core do: a PING to measure the link, and immediate window updates.
      peer.send(peer.headers(stream), data(stream, message('hi'), END), ping(), windowUpdate(0, 7));
      if (call % 500 === 499) await peer.settle();
    }
    await peer.settle();
    expect(peer.heard(0)).toEqual([]);
    expect(peer.calls).toHaveLength(calls);
    expect(peer.refusals).toEqual([]);
  }, 60_000);

  it('may have a window of one byte, and receives the end (h2o#1040)', async () => {
    const peer = new ServedPeer().greet([[4, 1]]);
    peer.send(peer.call(1, 'hi'));
    const ended = (p: ServedPeer): boolean => p.heard(1).includes('HEADERS END');
    for (let byte = 0; byte < 20 && !ended(peer); byte++) {
      await peer.settle();
      peer.send(windowUpdate(1, 1));
    }
    await peer.settle();
    expect(ended(peer)).toBe(true);
    await peer.turn();
    expect(peer.last.ends).toEqual([{ how: 'status', code: 0, message: '' }]);
  });
});
