import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../clock.js';
import { testAuthority } from '../../../../test/certificate.js';
import { CertificateStore } from '../../../tls/certificate-store.js';
import type { ServerCall } from '../../call/server-call.js';
import { OpenCalls } from '../../../rpc/open-calls.js';
import { Listener } from '../listener.js';
import { GrpcJsEngine } from './grpc-js-engine.js';

const TIMEOUT_MS = 300;
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
/** The beginning of one: a record of 512 bytes with a client's hello. */
const CLIENT_HELLO = Buffer.concat([Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]), Buffer.alloc(501)]);
const SETTINGS = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);

const directory = mkdtempSync(join(tmpdir(), 'kun-setup-'));
let certificates: CertificateStore;
beforeAll(async () => {
  const authority = await testAuthority();
  const { certificate, privateKey } = await authority.issue('localhost');
  writeFileSync(join(directory, 'crt'), certificate);
  writeFileSync(join(directory, 'key'), privateKey);
  certificates = new CertificateStore({
    files: { certificateFile: join(directory, 'crt'), privateKeyFile: join(directory, 'key') },
  });
});
afterAll(() => rmSync(directory, { recursive: true }));

let listener: Listener;
let engine: GrpcJsEngine;
let port: number;
let refused: string[];
const clients: Socket[] = [];

async function listen(tls: boolean): Promise<void> {
  refused = [];
  const onRefused = (error: Error, { remotePort }: { remotePort?: number | undefined }) =>
    refused.push(`${error.message} ${typeof remotePort}`);
  const settings = {
    maxMessageBytes: 1024,
    keepaliveEnabled: true,
    maxConnectionAgeMs: undefined,
    connectionTimeoutMs: TIMEOUT_MS,
  };
  const environment = {
    clock: systemClock,
    draining: new AbortController().signal,
    openCalls: new OpenCalls<ServerCall>(),
    onLateError: () => {},
    onLeftOut: () => {},
  };
  engine = new GrpcJsEngine({
    methods: new Map(),
    environment,
    run: () => {},
    settings,
    channelOptions: undefined,
    onRefused,
  });
  listener = new Listener(engine, {
    tls: tls ? { certificates, onRefused } : undefined,
    setupTimeoutMs: TIMEOUT_MS,
  });
  port = await listener.listen({ port: 0, host: '127.0.0.1' });
}
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  void listener.stopAccepting();
  await listener.closeConnections(systemClock, 1_000);
  engine.release();
});

function tcp(): Socket {
  const socket = connect(port, '127.0.0.1')
    .on('error', () => {})
    .resume();
  clients.push(socket);
  return socket;
}

async function tls(): Promise<Socket> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] });
  socket.on('error', () => {}).resume();
  clients.push(socket);
  await once(socket, 'secureConnect');
  return socket;
}

/** Bytes one at a time, until the other side has had enough. */
function drip(socket: Socket, bytes: Buffer): Socket {
  let at = 0;
  const timer = setInterval(() => socket.write(bytes.subarray(at, ++at)), TIMEOUT_MS / 10);
  socket.once('close', () => clearInterval(timer));
  return socket;
}

const IN_TIME = /^(the TLS handshake|HTTP\/2 was not established) .*within 300 ms number$/;

describe('connections that never come to HTTP/2', () => {
  it.each<[string, boolean, () => Socket | Promise<Socket>]>([
    ['TLS: silent', true, tcp],
    ['TLS: the beginning of a handshake', true, () => write(tcp(), [0x16, 3, 1, 2, 0])],
    ['TLS: a handshake byte by byte', true, () => drip(tcp(), CLIENT_HELLO)],
    ['TLS: a handshake and no preface', true, tls],
    ['TLS: a handshake and half a preface', true, async () => write(await tls(), PREFACE.slice(0, 9))],
    ['TLS: a preface byte by byte', true, async () => drip(await tls(), Buffer.from(PREFACE + PREFACE))],
    ['plain: silent', false, tcp],
    ['plain: half a preface', false, () => write(tcp(), PREFACE.slice(0, 9))],
    ['plain: a preface without settings', false, () => write(tcp(), PREFACE)],
    ['plain: half of the settings', false, () => write(write(tcp(), PREFACE), SETTINGS.subarray(0, 5))],
    ['plain: a preface byte by byte', false, () => drip(tcp(), Buffer.from(PREFACE.repeat(4)))],
  ])('are closed in time, and told of once: %s', async (_what, encrypted, open) => {
    await listen(encrypted);
    const socket = await open();
    await closed(socket);
    await expect.poll(() => listener.connectionCount).toBe(0);
    expect(refused).toEqual([expect.stringMatching(IN_TIME)]);
  });

  it.each([
    ['plain text on the TLS port', true, 'GET / HTTP/1.1\r\nhost: x\r\n\r\n'],
    ['noise on the TLS port', true, '\x01\x02\x03'.repeat(100)],
    ['HTTP/1 on the plain port', false, 'GET / HTTP/1.1\r\nhost: x\r\n\r\n'],
  ])('are closed at once where they speak of something else: %s', async (_what, encrypted, text) => {
    await listen(encrypted);
    const socket = tcp();
    socket.write(text);
    await closed(socket);
    await expect.poll(() => listener.connectionCount).toBe(0);
  });

  it('fifty of them are gone when the time is up, and who came in between is served', async () => {
    await listen(true);
    const silent = Array.from({ length: 50 }, () => tcp());
    await Promise.all(silent.map((socket) => once(socket, 'connect')));
    const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
    await once(session, 'remoteSettings');
    await Promise.all(silent.map(closed));
    await expect.poll(() => listener.connectionCount).toBe(1);
    expect(refused).toHaveLength(50);
    expect(refused.every((line) => IN_TIME.test(line))).toBe(true);
    expect(session.closed).toBe(false);
    session.destroy();
  });
});

it.each([true, false])(
  'a connection that came to HTTP/2 stays when it is idle (TLS: %s)',
  async (encrypted) => {
    await listen(encrypted);
    const session = connectHttp2(`${encrypted ? 'https' : 'http'}://127.0.0.1:${port}`, {
      rejectUnauthorized: false,
    });
    await once(session, 'remoteSettings');
    // Another, silent one shows when the time is up.
    await closed(tcp());
    await closed(tcp());
    expect(session.closed || session.destroyed).toBe(false);
    session.destroy();
  },
);

/** Whatever its end was. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => (socket.closed ? resolve() : void socket.once('close', () => resolve())));
}

function write(socket: Socket, bytes: string | Uint8Array | readonly number[]): Socket {
  socket.write(typeof bytes === 'string' || bytes instanceof Uint8Array ? bytes : Buffer.from(bytes));
  return socket;
}
