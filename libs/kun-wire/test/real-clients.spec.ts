import { once } from 'node:events';
import { connect as connectHttp2, constants, type ClientHttp2Session } from 'node:http2';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { Client, credentials, Metadata, status as Code, type ServiceError } from '@grpc/grpc-js';
import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { WireProcess } from '../src/process/wire-process.js';
import type { CallEnd, CallListener, IncomingCall, ServedConnection } from '../src/server/incoming-call.js';
import { serveConnection } from '../src/server/serve-connection.js';
import { message } from './raw-peer.js';

const closers: Array<() => Promise<unknown>> = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

interface Running {
  readonly port: number;
  readonly process: WireProcess;
  readonly connections: ServedConnection[];
  readonly ends: CallEnd[];
}

/** A server on its own port, closed with its connections after the test. */
async function run(onCall: (call: IncomingCall) => CallListener): Promise<Running> {
  const process = new WireProcess();
  const connections: ServedConnection[] = [];
  const ends: CallEnd[] = [];
  const server: Server = createServer({ noDelay: true }, (socket) => {
    connections.push(
      serveConnection(socket, { process }, (call) => {
        const listener = onCall(call);
        return {
          onMessage: (bytes) => listener.onMessage(bytes),
          onHalfClose: () => listener.onHalfClose(),
          onAnswered: (code, text) => listener.onAnswered(code, text),
          onEnd(end) {
            ends.push(end);
            listener.onEnd(end);
          },
        };
      }),
    );
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  closers.push(async () => {
    const gone = connections.map((connection) => new Promise<void>((resolve) => connection.onClose(resolve)));
    for (const connection of connections) connection.destroy();
    const closed = once(server, 'close');
    server.close();
    await closed;
    await Promise.all(gone);
    expect(process.stats).toMatchObject({ connectionsOpen: 0, streamsOpen: 0 });
    expect(process.unfinished.usedBytes).toBe(0);
    expect(process.unsent.usedBytes).toBe(0);
  });
  return { port: (server.address() as AddressInfo).port, process, connections, ends };
}

/** Echoes every message as it arrives, and ends with the status in the header `x-status`. */
function echoEach(call: IncomingCall): CallListener {
  call.read();
  return {
    onMessage(bytes) {
      call.sendMessage(Buffer.from(bytes), () => call.read());
    },
    onHalfClose() {
      const code = Number(call.headers.get('x-status') ?? 0);
      const text = decodeURIComponent(call.headers.get('x-text') ?? '');
      const echoed = [...call.headers].filter(([name]) => name.startsWith('x-echo'));
      call.sendStatus(code, text, echoed);
    },
    onAnswered() {},
    onEnd() {},
  };
}

interface Call {
  readonly messages: readonly string[];
  readonly status: number;
  readonly text: string;
  readonly headers: ReadonlyArray<readonly [string, string]>;
  readonly cancelAfter: number | undefined;
}

const token = fc.stringMatching(/^[a-z0-9-]{1,12}$/);
const value = fc.stringMatching(/^[!-~]([ -~]{0,200}[!-~])?$/);
const calls: fc.Arbitrary<readonly Call[]> = fc.array(
  fc.record({
    messages: fc.array(
      fc.oneof(
        fc.string({ maxLength: 40 }),
        fc.integer({ min: 0, max: 200_000 }).map((length) => 'm'.repeat(length)),
      ),
      { maxLength: 6 },
    ),
    status: fc.integer({ min: 0, max: 16 }),
    text: fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => text.trim()),
    headers: fc.array(
      fc.tuple(
        token.map((name) => `x-echo-${name}`),
        value,
      ),
      { maxLength: 5 },
    ),
    cancelAfter: fc.option(fc.nat(2), { nil: undefined, freq: 6 }),
  }),
  { minLength: 1, maxLength: 12 },
);

/** The response to a call as seen by node:http2. */
function viaHttp2(session: ClientHttp2Session, call: Call): Promise<unknown> {
  return new Promise((resolve) => {
    const headers: Record<string, string | string[]> = {
      ':method': 'POST',
      ':path': '/test.Service/Echo',
      'content-type': 'application/grpc',
      te: 'trailers',
      'x-status': String(call.status),
      'x-text': encodeURIComponent(call.text),
    };
    for (const [name, text] of call.headers) headers[name] = text;
    const stream = session.request(headers);
    const chunks: Buffer[] = [];
    let status: unknown;
    let echoed: Record<string, unknown> = {};
    const take = (fields: Record<string, unknown>): void => {
      status = fields['grpc-status'] ?? status;
      echoed = { ...echoed, ...fields };
    };
    stream.on('response', take);
    stream.on('trailers', take);
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', () => {});
    stream.on('close', () => {
      if (call.cancelAfter !== undefined) {
        resolve('cancelled');
        return;
      }
      const names = Object.fromEntries(call.headers);
      resolve({
        status,
        body: Buffer.concat(chunks),
        headers: Object.fromEntries(Object.keys(names).map((name) => [name, echoed[name]])),
      });
    });
    for (const [index, text] of call.messages.entries()) {
      if (index === call.cancelAfter) {
        stream.close(constants.NGHTTP2_CANCEL);
        return;
      }
      stream.write(message(text));
    }
    if (call.cancelAfter === undefined) stream.end();
    else stream.close(constants.NGHTTP2_CANCEL);
  });
}

describe('node:http2 as the client', () => {
  it('gets the right responses to any sequence of concurrent calls on one connection', async () => {
    const { port, ends } = await run(echoEach);
    await fc.assert(
      fc.asyncProperty(calls, async (sequence) => {
        ends.length = 0;
        const session = connectHttp2(`http://127.0.0.1:${port}`);
        session.on('error', () => {});
        const answers = await Promise.all(sequence.map((call) => viaHttp2(session, call)));
        for (const [index, call] of sequence.entries()) {
          if (call.cancelAfter !== undefined) continue;
          expect(answers[index]).toEqual({
            status: String(call.status),
            body: Buffer.concat(call.messages.map((text) => message(text))),
            headers: Object.fromEntries(call.headers),
          });
        }
        const closed = once(session, 'close');
        session.close();
        await closed;
      }),
      { numRuns: 40 },
    );
  });
});

describe('grpc-js as the client', () => {
  const bytes = (value: Buffer): Buffer => value;

  async function client(onCall = echoEach): Promise<{ of: Client; running: Running }> {
    const running = await run(onCall);
    const of = new Client(`127.0.0.1:${running.port}`, credentials.createInsecure());
    closers.push(() => Promise.resolve(of.close()));
    return { of, running };
  }

  const unary = (of: Client, request: Buffer, metadata = new Metadata(), options = {}) =>
    new Promise<Buffer>((resolve, reject) => {
      of.makeUnaryRequest('/test.Service/Echo', bytes, bytes, request, metadata, options, (error, answer) => {
        if (error) reject(error);
        else resolve(answer ?? Buffer.alloc(0));
      });
    });

  it('gets responses to small and large messages, and confuses no calls', async () => {
    const { of, running } = await client();
    const sizes = [0, 1, 1000, 16_379, 16_380, 100_000, 4 * 1024 * 1024 - 1];
    const answers = await Promise.all(sizes.map((size) => unary(of, Buffer.alloc(size, size % 251))));
    expect(answers.map(({ length }) => length)).toEqual(sizes);
    for (const [index, answer] of answers.entries()) {
      expect(answer.equals(Buffer.alloc(sizes[index] ?? 0, (sizes[index] ?? 0) % 251))).toBe(true);
    }
    expect(running.ends).toEqual(sizes.map(() => ({ how: 'status', code: 0, message: '' })));
  });

  it('receives statuses, messages and binary metadata', async () => {
    const { of } = await client((call) => {
      const listener = echoEach(call);
      return {
        ...listener,
        onHalfClose: () =>
          call.sendStatus(9, 'nicht jetzt: ☃', [
            ['a-bin', Buffer.of(0, 1, 255)],
            ['a-bin', Buffer.of(7)],
            [
              'b',
              call.headers
                .getBinary('c-bin')
                .map((part) => part.toString('hex'))
                .join(),
            ],
          ]),
      };
    });
    const metadata = new Metadata();
    metadata.add('c-bin', Buffer.of(1, 2));
    metadata.add('c-bin', Buffer.of(3));
    const error = await unary(of, Buffer.from('x'), metadata).catch(
      (thrown: unknown) => thrown as ServiceError,
    );
    expect(error).toMatchObject({ code: Code.FAILED_PRECONDITION, details: 'nicht jetzt: ☃' });
    const trailers = (error as ServiceError).metadata;
    expect(trailers.get('a-bin')).toEqual([Buffer.of(0, 1, 255), Buffer.of(7)]);
    expect(trailers.get('b')).toEqual(['0102,03']);
  });

  it('may compress what it sends', async () => {
    const running = await run(echoEach);
    for (const algorithm of [1, 2]) {
      const of = new Client(`127.0.0.1:${running.port}`, credentials.createInsecure(), {
        'grpc.default_compression_algorithm': algorithm,
      });
      const text = Buffer.alloc(100_000, 'compress me');
      expect((await unary(of, text)).equals(text)).toBe(true);
      of.close();
    }
  });

  it('receives DEADLINE_EXCEEDED, and RESOURCE_EXHAUSTED for a message that is too large', async () => {
    const { of } = await client((call) => {
      call.read();
      return { onMessage() {}, onHalfClose() {}, onAnswered() {}, onEnd() {} };
    });
    const deadline = { deadline: Date.now() + 30 };
    await expect(unary(of, Buffer.from('x'), undefined, deadline)).rejects.toMatchObject({ code: 4 });
    await expect(unary(of, Buffer.alloc(4 * 1024 * 1024 + 1))).rejects.toMatchObject({
      code: Code.RESOURCE_EXHAUSTED,
    });
  });

  it('loses no call to a graceful shutdown', async () => {
    const { of, running } = await client();
    let failed = 0;
    let answered = 0;
    const work = Array.from({ length: 8 }, async () => {
      for (let call = 0; call < 60; call++) {
        await unary(of, Buffer.from('x')).then(
          () => answered++,
          () => failed++,
        );
        if (call % 20 === 10) running.connections.at(-1)?.goAway();
      }
    });
    await Promise.all(work);
    expect({ answered, failed }).toEqual({ answered: 480, failed: 0 });
    expect(running.connections.length).toBeGreaterThan(1);
  });

  it('streams in both directions, and stalls while nobody reads', async () => {
    const { of } = await client();
    const stream = of.makeBidiStreamRequest('/test.Service/Echo', bytes, bytes);
    const received: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => received.push(chunk));
    for (let index = 0; index < 500; index++) stream.write(Buffer.alloc(index * 7, index % 251));
    stream.end();
    const [status] = (await once(stream, 'status')) as [{ code: number }];
    expect(status.code).toBe(0);
    expect(received.map(({ length }) => length)).toEqual(
      Array.from({ length: 500 }, (_, index) => index * 7),
    );
  });
});
