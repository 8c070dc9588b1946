import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ErrorCode, errorCodeName } from '../src/frames/error-code.js';
import { HeaderDecoder } from '../src/hpack/header-decoder.js';
import { HeaderEncoder } from '../src/hpack/header-encoder.js';
import { HpackError } from '../src/hpack/hpack-error.js';
import { WireProcess } from '../src/process/wire-process.js';
import type { CallEnd, CallListener, ServedConnection } from '../src/server/incoming-call.js';
import { serveConnection } from '../src/server/serve-connection.js';
import {
  data,
  END,
  END_HEADERS,
  frame,
  message,
  ping,
  PREFACE,
  REQUEST,
  reset,
  settings,
} from './raw-peer.js';
import { type SeenCall, ServedPeer, silent } from './served-peer.js';

/** Both ends of a connection over TCP. */
async function overTcp(host: string): Promise<{
  readonly wire: WireProcess;
  readonly client: Socket;
  readonly connection: ServedConnection;
  readonly stop: () => Promise<void>;
}> {
  const wire = new WireProcess();
  const served: ServedConnection[] = [];
  const server = createServer((socket) => {
    served.push(serveConnection(socket, { process: wire }, silent as never));
  });
  server.listen(0, host);
  await once(server, 'listening');
  const client = connect({ port: (server.address() as AddressInfo).port, host });
  await once(server, 'connection');
  client.on('error', () => {});
  const stop = async (): Promise<void> => {
    client.destroy();
    server.close();
    await once(server, 'close');
  };
  return { wire, client, connection: served[0] as ServedConnection, stop };
}

describe('a peer', () => {
  it.each([
    ['127.0.0.1', /^127\.0\.0\.1:\d+$/],
    ['::1', /^\[::1\]:\d+$/],
  ])('is identified by its address and port: %s', async (host, form) => {
    const { connection, client, stop } = await overTcp(host);
    expect(connection.peer).toMatch(form);
    client.destroy();
    await new Promise<void>((resolve) => connection.onClose(resolve));
    // Kept for the log line about its end.
    expect(connection.peer).toMatch(form);
    await stop();
  });

  it('that has disconnected before it was identified has no address', async () => {
    const { connection, stop } = await overTcp('127.0.0.1');
    connection.destroy();
    await new Promise<void>((resolve) => connection.onClose(resolve));
    expect(connection.peer).toBe('');
    await stop();
  });

  it('may enable and disable push, which has no effect on a server without push', async () => {
    const peer = new ServedPeer().greet([[2, 0]]);
    peer.send(settings([[2, 1]]), peer.call(1));
    await peer.settle();
    expect(peer.last.ends).toMatchObject([{ how: 'status', code: 0 }]);
  });
});

describe('the callback of a graceful shutdown', () => {
  it('is called with the second GOAWAY, or immediately after it', async () => {
    const peer = new ServedPeer({ serve: silent }).greet();
    peer.send(peer.headers(1));
    await peer.settle();
    const told: string[] = [];
    peer.connection.goAway();
    peer.connection.whenDeparted(() => told.push('before'));
    await peer.settle();
    expect(told).toEqual([]);
    peer.send(ping(1, Buffer.from('kun-away')));
    await peer.settle();
    peer.connection.whenDeparted(() => told.push('after'));
    expect(told).toEqual(['before', 'after']);
  });

  it('is also called when the peer has disconnected', async () => {
    const peer = new ServedPeer({ serve: silent }).greet();
    await peer.settle();
    peer.connection.goAway();
    const departed = new Promise<void>((resolve) => peer.connection.whenDeparted(resolve));
    peer.far.destroy();
    await departed;
    expect(peer.process.stats.connectionsOpen).toBe(0);
  });
});

describe('bytes in flight', () => {
  it('to a peer that is disconnected are dropped, and not reported as accepted', async () => {
    const { client, connection, wire, stop } = await overTcp('127.0.0.1');
    client.pause();
    client.write(PREFACE);
    const { socket } = connection;
    // More than the kernel accepts: the write's callback gets an error.
    socket.write(Buffer.alloc(16 * 1024 * 1024));
    connection.goAway();
    await new Promise((resolve) => setImmediate(resolve));
    connection.destroy();
    await new Promise<void>((resolve) => connection.onClose(resolve));
    expect(wire.stats.connectionsOpen).toBe(0);
    await stop();
  });

  it('that a socket fails to write end their calls as lost, once', async () => {
    const wire = new WireProcess();
    const ends: CallEnd[] = [];
    let fails = false;
    const socket = new Duplex({
      read() {},
      write: (_chunk, _encoding, done) => done(fails ? new Error('write EPIPE') : null),
    });
    const connection = serveConnection(socket, { process: wire }, (call) => {
      fails = true;
      call.sendStatus(0);
      return { onMessage() {}, onHalfClose() {}, onAnswered() {}, onEnd: (end) => ends.push(end) };
    });
    const encoder = new HeaderEncoder();
    encoder.begin();
    for (const [name, value] of REQUEST) encoder.field(name, value);
    socket.push(
      Buffer.concat([
        Buffer.from(PREFACE),
        settings(),
        frame(1, END_HEADERS | END, 1, Buffer.from(encoder.end())),
      ]),
    );
    await new Promise<void>((resolve) => connection.onClose(resolve));
    expect(ends).toEqual([{ how: 'lost', reason: 'write EPIPE' }]);
    expect(wire.stats).toMatchObject({ connectionsOpen: 0, streamsOpen: 0 });
  });

  it("that exceed the connection's window, in one piece, end the connection", async () => {
    const limits = { connectionWindowBytes: 65_535, streamWindowBytes: 200_000 };
    const peer = new ServedPeer({ limits, serve: silent }).greet();
    peer.send(peer.headers(1), ...Array.from({ length: 5 }, () => data(1, Buffer.alloc(16_384))));
    await peer.until(({ closed }) => closed);
    expect(peer.heard(0)).toEqual([`GOAWAY 1 ${ErrorCode.FLOW_CONTROL_ERROR}`]);
  });

  it('after a response that waits for its window are dropped, and may be trailers', async () => {
    const peer = new ServedPeer({
      serve({ call }) {
        call.sendMessage(Buffer.alloc(100));
        call.sendStatus(0);
        return silent();
      },
    }).greet([[4, 10]]);
    peer.send(peer.headers(1), data(1, message('not read')), peer.headers(1, [['x', 'y']], 5));
    await peer.settle();
    expect(peer.last.messages).toEqual([]);
    expect(peer.process.unfinished.usedBytes).toBe(0);
    peer.send(settings([[4, 1000]]));
    await peer.settle();
    expect(peer.heard(1)).toEqual(['HEADERS', 'DATA 10', 'DATA 95', 'HEADERS END']);
  });

  it('of a complete response that is waiting are reset if there is no more room for them', async () => {
    const peer = new ServedPeer({
      processLimits: { maxUnsentBytes: 150_000 },
      serve({ call }) {
        call.sendMessage(Buffer.alloc(100_000));
        call.sendStatus(0);
        return silent();
      },
    }).greet([[4, 0]]);
    for (const stream of [1, 3]) peer.send(peer.headers(stream, REQUEST, END_HEADERS | END));
    await peer.settle();
    expect(peer.process.unsent.usedBytes).toBeLessThanOrEqual(150_000);
    expect([...peer.heard(1), ...peer.heard(3)]).toContain(`RST ${ErrorCode.ENHANCE_YOUR_CALM}`);
    expect(peer.refusals.map(({ reason }) => reason)).toEqual(['unsent-bytes']);
  });
});

describe('a message whose prefix arrives in parts', () => {
  it.each([
    ['with unknown flags', Buffer.from([7, 0, 0, 0, 1]), 13],
    ['that is too large', Buffer.from([0, 0xff, 0, 0, 0]), 8],
  ])('%s is refused', async (_, prefix, code) => {
    const peer = new ServedPeer().greet();
    peer.send(peer.headers(1), data(1, prefix.subarray(0, 3)), data(1, prefix.subarray(3)));
    await peer.settle();
    expect(peer.last.answered?.code).toBe(code);
    expect(peer.process.unfinished.usedBytes).toBe(0);
  });
});

describe('a newer connection', () => {
  it('that holds less does not lose calls for what another holds', async () => {
    const process = new WireProcess({ limits: { maxUnfinishedBytes: 20_000 } });
    const [first, second] = [0, 1].map(() => new ServedPeer({ process, serve: silent }).greet()) as [
      ServedPeer,
      ServedPeer,
    ];
    first.send(first.headers(1), data(1, Buffer.alloc(15_000)));
    await first.settle();
    second.send(second.headers(1), data(1, Buffer.alloc(9_000)));
    await second.settle();
    expect(first.last.answered?.code).toBe(8);
    expect(second.last.answered).toBeUndefined();
  });
});

/** Reads everything, and answers with only a status. */
function reader({ call }: SeenCall): Partial<CallListener> {
  call.read();
  return { onMessage: () => call.read(), onHalfClose: () => call.sendStatus(0) };
}

describe('a compressed message', () => {
  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
  ] as const)('that %s could not shrink arrives intact', async (encoding, compress) => {
    const body = randomBytes(200_000);
    const peer = new ServedPeer({ serve: reader }).greet();
    const fields = [...REQUEST, ['grpc-encoding', encoding] as const];
    const coded = message(compress(body), 1);
    peer.send(peer.headers(1, fields));
    for (let at = 0; at < coded.length; at += 16_384)
      peer.send(data(1, coded.subarray(at, at + 16_384), at + 16_384 < coded.length ? 0 : END));
    await peer.until((p) => p.heard(1).includes('HEADERS END'));
    expect(peer.last.messages[0]?.equals(body)).toBe(true);
    expect(peer.process.unfinished.usedBytes).toBe(0);
  });

  it('that waits for its turn when its call is reset is not decompressed', async () => {
    const peer = new ServedPeer({ serve: reader, processLimits: { maxInflations: 1 } }).greet();
    const fields = [...REQUEST, ['grpc-encoding', 'gzip'] as const];
    const large = message(gzipSync(Buffer.alloc(1_000_000)), 1);
    for (const stream of [1, 3, 5]) peer.send(peer.headers(stream, fields), data(stream, large, END));
    peer.send(reset(3));
    await peer.until((p) => [1, 5].every((stream) => p.heard(stream).includes('HEADERS END')));
    expect(peer.calls.map(({ messages }) => messages.length)).toEqual([1, 0, 1]);
    expect(peer.process.unfinished.usedBytes).toBe(0);
  });

  it('that has no room when decompressed is refused', async () => {
    const peer = new ServedPeer({ processLimits: { maxUnfinishedBytes: 10_000 } }).greet();
    const fields = [...REQUEST, ['grpc-encoding', 'gzip'] as const];
    peer.send(peer.headers(1, fields), data(1, message(gzipSync(Buffer.alloc(20_000)), 1), END));
    await peer.settle();
    expect(peer.last.answered?.code).toBe(8);
    expect(peer.process.unfinished.usedBytes).toBe(0);
  });
});

describe('a header block', () => {
  const decoder = () => new HeaderDecoder({ maxListBytes: 1000, maxFields: 100 });

  it('that never repeats is decoded the same each time', () => {
    const of = decoder();
    for (let call = 0; call < 500; call++) {
      const value = String(call).padStart(4, '0');
      const block = Buffer.concat([
        Buffer.from([0, 1]),
        Buffer.from('x'),
        Buffer.from([4]),
        Buffer.from(value),
      ]);
      expect(of.decode(block, 0, block.length).fields.map((field) => field.value)).toEqual([value]);
    }
  });

  it('with the end of a string in its Huffman code is refused, wherever that lies', () => {
    for (let shift = 0; shift < 8; shift++) {
      // So many symbols of five bits (`a`, 00011) before thirty bits of 1.
      const bits = '00011'.repeat(shift) + '1'.repeat(30);
      const bytes = (bits.padEnd(Math.ceil(bits.length / 8) * 8, '1').match(/.{8}/g) ?? []).map((byte) =>
        Number.parseInt(byte, 2),
      );
      const block = Buffer.from([0, 1, 0x78, 0x80 | bytes.length, ...bytes]);
      expect(() => decoder().decode(block, 0, block.length)).toThrow(HpackError);
    }
  });
});

describe('an error code', () => {
  it('has its name of RFC 9113, or its number', () => {
    expect(errorCodeName(ErrorCode.ENHANCE_YOUR_CALM)).toBe('ENHANCE_YOUR_CALM');
    expect(errorCodeName(0xff)).toBe('0xff');
  });
});
