import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect as connectTcp, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testAuthority } from './clients/test-authority.js';
import { RAW_CASES } from './differential/raw-cases.js';
import { data, END, END_HEADERS, frame, headers, message, type Fields } from './differential/raw-peer.js';
import { SpawnedService } from './spawned-service.js';

/** What every caller here says of itself, to be found wherever it comes out. */
const MARK = 'SENT-BY-A-CALLER';
const GREETING = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  frame(4, 0, 0),
  frame(4, 1, 0),
]);
const REQUEST: Fields = [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', '/kun.echo.v1.EchoService/Echo'],
  [':authority', MARK],
  ['content-type', 'application/grpc'],
  ['te', 'trailers'],
];
const ECHO = Buffer.concat([Buffer.of(0x0a, MARK.length), Buffer.from(MARK)]);
const call = (more: Fields, body: Buffer, flags = 0): Buffer =>
  Buffer.concat([headers(1, [...REQUEST, ...more]), data(1, message(body, flags), END)]);
/** A literal field whose value has between 127 and 2 million characters. */
function longField(name: string, value: string): Buffer {
  const rest = value.length - 127;
  const length = Buffer.of(0x7f, (rest & 127) | 128, ((rest >> 7) & 127) | 128, rest >> 14);
  return Buffer.concat([Buffer.of(0, name.length), Buffer.from(name), length, Buffer.from(value)]);
}
/** A header block cut into frames of its allowed size. */
const inFrames = (block: Buffer): Buffer => {
  const pieces = Array.from({ length: Math.ceil(block.length / 16_384) }, (_, n) =>
    block.subarray(n * 16_384, (n + 1) * 16_384),
  );
  return Buffer.concat(
    pieces.map((piece, n) => frame(n === 0 ? 1 : 9, n === pieces.length - 1 ? END_HEADERS : 0, 1, piece)),
  );
};

/** What is sent, by what is told of it. */
const SENT: Readonly<Record<string, Buffer>> = {
  'HTTP/1.1': Buffer.from(`GET /${MARK} HTTP/1.1\r\nHost: ${MARK}\r\n\r\n`),
  'what is no protocol': Buffer.from(`${MARK}\0\xff\xfe`.repeat(200), 'latin1'),
  'half a preface': GREETING.subarray(0, 11),
  'a preface and rubbish': Buffer.concat([GREETING, Buffer.from(MARK.repeat(300))]),
  'a frame that announces 16 MiB': Buffer.concat([GREETING, Buffer.from('ffffff0001', 'hex')]),
  'metadata with control characters': Buffer.concat([
    GREETING,
    call(
      [
        ['x-escape', `\x1b[31m${MARK}\x07`],
        ['x-line', `${MARK}\n${MARK}`],
      ],
      ECHO,
    ),
  ]),
  'metadata that is no text': Buffer.concat([GREETING, call([['x-high', `\xff\xfe${MARK}`]], ECHO)]),
  'binary metadata that is no base64': Buffer.concat([GREETING, call([['x-a-bin', `%%${MARK}`]], ECHO)]),
  'names of the prototype': Buffer.concat([
    GREETING,
    call(
      [
        ['__proto__', MARK],
        ['constructor', MARK],
        ['x-request-id', `__proto__ ${MARK}`],
        ['traceparent', `00-${MARK}`],
        ['tracestate', MARK.repeat(7)],
        ['baggage', `${MARK}=%${MARK}`],
        ['grpc-tags-bin', MARK],
        ['x-kun-routes', MARK],
      ],
      ECHO,
    ),
  ]),
  'a method that is not served': Buffer.concat([
    GREETING,
    headers(
      1,
      REQUEST.map(([name, value]) => [name, name === ':path' ? `/${MARK}/%0a` : value] as const),
      5,
    ),
  ]),
  'huge headers': Buffer.concat([GREETING, inFrames(longField('x-huge', MARK.repeat(3000)))]),
  'hundreds of headers': Buffer.concat([
    GREETING,
    call(
      Array.from({ length: 400 }, (_, n) => [`x-${n}`, MARK] as const),
      ECHO,
    ),
  ]),
  'gzip that is none': Buffer.concat([GREETING, call([['grpc-encoding', 'gzip']], Buffer.from(MARK), 1)]),
  'gzip that is cut': Buffer.concat([
    GREETING,
    call([['grpc-encoding', 'gzip']], gzipSync(Buffer.alloc(100_000, MARK)).subarray(0, 60), 1),
  ]),
  'gzip that inflates beyond the limit': Buffer.concat([
    GREETING,
    call([['grpc-encoding', 'gzip']], gzipSync(Buffer.alloc(8_000_000)), 1),
  ]),
  'a message that is no protobuf': Buffer.concat([
    GREETING,
    call([], Buffer.from([0x0a, 0xff, 0xff, 0xff, 0x7f])),
  ]),
  'a string that is no UTF-8': Buffer.concat([GREETING, call([], Buffer.from([0x0a, 3, 0xff, 0xc0, 0x80]))]),
  ...Object.fromEntries(
    Object.entries(RAW_CASES).map(([name, frames]) => [name, Buffer.concat([GREETING, ...frames()])]),
  ),
};

/** Says everything, hangs up, and waits until the service has, too. */
async function say(socket: Socket, bytes: Buffer, way: 'ends' | 'resets' | 'cuts'): Promise<void> {
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.on('error', () => {});
  socket.resume();
  if (way === 'ends') socket.end(bytes);
  else
    socket.write(bytes, () =>
      way === 'resets' && 'resetAndDestroy' in socket ? socket.resetAndDestroy() : socket.destroy(),
    );
  await closed;
}

const ANYTHING = fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => Buffer.from(bytes));

describe.each(['kun', 'grpc-js'] as const)('what callers send to the engine %s', (Engine) => {
  let plain: SpawnedService;
  let encrypted: SpawnedService;
  let directory: string;
  let caller: { readonly cert: string; readonly key: string };
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kun-stderr-'));
    const authority = await testAuthority('test');
    const { certificate, privateKey } = await authority.issue('echo');
    const [Cert, Key] = [join(directory, 'tls.crt'), join(directory, 'tls.key')] as const;
    const ClientCA = join(directory, 'ca.crt');
    await Promise.all([
      writeFile(Cert, certificate),
      writeFile(Key, privateKey),
      writeFile(ClientCA, authority.certificate),
    ]);
    caller = { cert: certificate, key: privateKey };
    [plain, encrypted] = await Promise.all([
      SpawnedService.start({ config: { GRPCServer: { Engine, Reflection: true } } }),
      SpawnedService.start({ config: { GRPCServer: { Engine, TLS: { Cert, Key, ClientCA } } } }),
    ]);
  });
  afterAll(async () => {
    await Promise.all([plain[Symbol.asyncDispose](), encrypted[Symbol.asyncDispose]()]);
    await rm(directory, { recursive: true });
  });

  it.each(Object.entries(SENT))('stays in the log: %s', async (_, bytes) => {
    for (const way of ['ends', 'resets', 'cuts'] as const) {
      await say(connectTcp(plain.ports.grpc, '127.0.0.1'), bytes, way);
    }
  });

  it('stays in the log: anything, before and behind the preface', async () => {
    await fc.assert(
      fc.asyncProperty(ANYTHING, fc.boolean(), async (bytes, greets) => {
        const sent = greets ? Buffer.concat([GREETING, bytes]) : bytes;
        await say(connectTcp(plain.ports.grpc, '127.0.0.1'), sent, 'ends');
      }),
      { numRuns: 100, seed: 20_261_126 },
    );
  });

  it('stays in the log: what is no TLS, a handshake without a certificate, and one for another protocol', async () => {
    const { grpc: port } = encrypted.ports;
    const hello = Buffer.from('16030100fa010000f60303', 'hex');
    for (const bytes of [
      Buffer.from(`GET / ${MARK}\r\n\r\n`),
      GREETING,
      hello,
      Buffer.concat([hello, Buffer.alloc(300, MARK)]),
    ]) {
      await say(connectTcp(port, '127.0.0.1'), bytes, 'ends');
      await say(connectTcp(port, '127.0.0.1'), bytes, 'resets');
    }
    for (const ALPNProtocols of [['h2'], ['http/1.1'], undefined]) {
      const socket = connectTls({ port, rejectUnauthorized: false, ...(ALPNProtocols && { ALPNProtocols }) });
      await say(socket, Buffer.from(MARK), 'ends');
    }
  });

  it('stays in the log: all of it once more, within TLS', async () => {
    const { grpc: port } = encrypted.ports;
    for (const bytes of Object.values(SENT)) {
      for (const way of ['ends', 'cuts'] as const) {
        const options = { port, rejectUnauthorized: false, ALPNProtocols: ['h2'], ...caller };
        await say(connectTls(options), bytes, way);
      }
    }
  });

  it('is all that it has to do with: it answers, stops, and has written nothing to standard error', async () => {
    const client = plain.grpcClient();
    const echo = Reflect.get(client, 'echo') as (...args: unknown[]) => void;
    const answer = await new Promise((resolve) =>
      echo.call(client, { message: MARK }, (error: unknown) => resolve(error)),
    );
    expect(answer).toBeNull();
    for (const service of [plain, encrypted]) {
      service.process.kill('SIGTERM');
      const { code } = await service.end;
      expect({ code, ...service.report }).toMatchObject({ code: 0 });
      expect(service.process.stderr).toBe('');
      // Each line of standard output is one of the log.
      const lines = service.process.stdout.trimEnd().split('\n');
      expect(lines.filter((line) => !line.startsWith('{"level"'))).toEqual([]);
    }
  });
});
