/* oxlint-disable no-underscore-dangle -- what grpc-js calls the parts of its credentials */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Server, ServerCredentials, status as Code, credentials } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { testAuthority, type TestPair } from '../../../test/certificate.js';
import { CertificateStore } from '../../tls/certificate-store.js';
import { TlsChannelCredentials } from '../../tls/tls-channel-credentials.js';
import { callOnce, listen, Relay } from '../../../test/channel.js';
import { openChannel, type UpstreamChannel } from './channel.js';
import { GuardedCredentials } from './connect-timeout.js';

const bytes = (value: Buffer) => value;
const UNARY = {
  path: '/t.v1.T/Unary',
  requestStream: false,
  responseStream: false,
  requestSerialize: bytes,
  requestDeserialize: bytes,
  responseSerialize: bytes,
  responseDeserialize: bytes,
} as const;

let directory: string;
let pair: TestPair;
let store: CertificateStore;
let cleanUp: Array<() => unknown> = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'kun-connect-'));
  const authority = await testAuthority();
  pair = await authority.issue('localhost');
  writeFileSync(join(directory, 'ca.pem'), authority.certificate);
  store = new CertificateStore({ files: { authorityFile: join(directory, 'ca.pem') } });
});
afterAll(() => rmSync(directory, { recursive: true }));
afterEach(async () => {
  for (const clean of cleanUp.toReversed()) await clean();
  cleanUp = [];
});

/** A peer whose network takes connections, and nothing comes back. */
async function silentPeer() {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    sockets.push(socket.resume());
  });
  const port = await listen(server);
  cleanUp.push(() => sockets.forEach((socket) => socket.destroy()));
  let listening = true;
  const heal = async (encrypted: boolean) => {
    listening = false;
    server.close();
    return startGrpc(port, encrypted);
  };
  cleanUp.push(() => listening && server.close());
  return { port, sockets, heal };
}

async function startGrpc(port: number, encrypted = false): Promise<number> {
  const server = new Server();
  server.addService(
    { Unary: UNARY },
    { Unary: (_call: unknown, done: (error: null, value: Buffer) => void) => done(null, Buffer.from('ok')) },
  );
  const secure = () =>
    ServerCredentials.createSsl(null, [
      { cert_chain: Buffer.from(pair.certificate), private_key: Buffer.from(pair.privateKey) },
    ]);
  cleanUp.push(() => server.forceShutdown());
  return new Promise((resolve, reject) =>
    server.bindAsync(
      `127.0.0.1:${port}`,
      encrypted ? secure() : ServerCredentials.createInsecure(),
      (error, bound) => (error ? reject(error) : resolve(bound)),
    ),
  );
}

function channelTo(port: number, encrypted: boolean, host = 'localhost'): UpstreamChannel {
  const channel = openChannel({
    name: 'orders',
    target: `${host}:${port}`,
    certificates: encrypted ? store : undefined,
    connectTimeoutMs: 150,
    initialBackoffMs: 50,
    maxBackoffMs: 100,
    channelOptions: { 'grpc.use_local_subchannel_pool': 1 },
  });
  cleanUp.push(() => channel.close());
  return channel;
}

describe.each([
  ['plain text', false],
  ['TLS', true],
])('a peer that accepts and stays silent, %s', (_name, encrypted) => {
  it('fails calls at their deadline and, once it heals at the same port, gets them again', async () => {
    const peer = await silentPeer();
    const channel = channelTo(peer.port, encrypted);
    const waiting = await callOnce(channel.client, { deadlineMs: 400, waitForReady: true });
    expect(waiting.code).toBe(Code.DEADLINE_EXCEEDED);
    expect(waiting.tookMs).toBeLessThan(1_000);

    await peer.heal(encrypted);
    const healedAt = performance.now();
    const healed = await callOnce(channel.client, { waitForReady: true });
    expect(healed).toMatchObject({ code: Code.OK, text: 'ok' });
    // One attempt that was under way, and one pause with its jitter; the rest is for a busy machine.
    expect(performance.now() - healedAt).toBeLessThan(150 + 120 + 1_000);
  });

  it('says what happened to those who do not wait', async () => {
    const peer = await silentPeer();
    const channel = channelTo(peer.port, encrypted);
    const { code, details } = await callOnce(channel.client);
    expect(code).toBe(Code.UNAVAILABLE);
    expect(details).toContain(
      `127.0.0.1:${peer.port} accepted the connection, but no ${encrypted ? 'TLS handshake was done' : 'HTTP/2 settings came'} within 150 ms`,
    );
    await expect(channel.waitForReady(200)).rejects.toThrow(
      /^upstream orders \(localhost:\d+\) was not reached within 200 ms; last seen: .*accepted the connection/s,
    );
  });
});

describe('an address that does not even take connections', () => {
  /** Listens in a thread that stands still, until its queue is full: the system drops what comes then. */
  async function deafPeer(relayTo: number) {
    const lock = new Int32Array(new SharedArrayBuffer(4));
    const worker = new Worker(
      `const { parentPort, workerData } = require('node:worker_threads'), net = require('node:net');
      const server = net.createServer((socket) => {
        const peer = net.connect(workerData.relayTo, '127.0.0.1');
        for (const end of [socket, peer]) end.on('error', () => undefined);
        socket.pipe(peer).pipe(socket);
      });
      server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
        parentPort.postMessage(server.address().port);
        setImmediate(() => Atomics.wait(workerData.lock, 0, 0));
      });`,
      { eval: true, workerData: { lock, relayTo } },
    );
    const heal = () => {
      Atomics.store(lock, 0, 1);
      Atomics.notify(lock, 0);
    };
    cleanUp.push(async () => {
      heal();
      await worker.terminate();
    });
    const port = await new Promise<number>((resolve) => worker.once('message', resolve));
    for (let queued = 0; queued < 2; queued++) {
      const socket = connect(port, '127.0.0.1');
      cleanUp.push(() => socket.destroy());
      await new Promise((resolve) => socket.once('connect', resolve));
    }
    return { port, heal };
  }

  it('is given up, and reached at once when it answers again', async () => {
    const peer = await deafPeer(await startGrpc(0));
    const channel = channelTo(peer.port, false, '127.0.0.1');
    const { code, details, tookMs } = await callOnce(channel.client);
    expect({ code, details }).toEqual({
      code: Code.UNAVAILABLE,
      details: expect.stringContaining('no connection within 150 ms'),
    });
    expect(tookMs).toBeLessThan(900);
    const waiting = callOnce(channel.client, { waitForReady: true });
    peer.heal();
    const { tookMs: healedMs } = await waiting;
    expect((await waiting).code).toBe(Code.OK);
    expect(healedMs).toBeLessThan(900); // the system would try again after one second
  });
});

it('leaves a connection alone that was set up in time', async () => {
  const port = await startGrpc(0);
  const channel = channelTo(port, false);
  await channel.waitForReady(2_000);
  const accepted = channel.client.getChannel();
  await expect(
    new Promise((resolve) =>
      accepted.watchConnectivityState(accepted.getConnectivityState(false), Date.now() + 400, resolve),
    ),
  ).resolves.toBeInstanceOf(Error); // nothing changed, well past the connect timeout
  expect(channel.state).toBe('ready');
});

it("through a sidecar asks the certificate for the target's name", async () => {
  const proxyPort = await startGrpc(0, true);
  const open = (target: string) => {
    const channel = openChannel({ name: 'orders', target, proxyPort, certificates: store });
    cleanUp.push(() => channel.close());
    return callOnce(channel.client);
  };
  expect(await open('localhost:50051')).toMatchObject({ code: Code.OK });
  const other = await open('orders.shop:50051');
  expect(other.code).toBe(Code.UNAVAILABLE);
  expect(other.details).toMatch(/orders\.shop/);
});

describe('equality, which decides whether channels share connections', () => {
  const plain = (options = {}) => new GuardedCredentials(credentials.createInsecure(), options);
  it.each([
    ['the same defaults', plain(), plain(), true],
    [
      'defaults spelt out',
      plain(),
      plain({ connectTimeoutMs: 20_000, keepalive: { timeMs: 60_000, timeoutMs: 20_000 } }),
      true,
    ],
    ['another timeout', plain(), plain({ connectTimeoutMs: 1 }), false],
    ['no keepalive', plain(), plain({ keepalive: false }), false],
    ['grpc-js own', plain(), credentials.createInsecure(), false],
    ['TLS', plain(), new GuardedCredentials(credentials.createSsl()), false],
  ])('%s', (_name, a, b, equal) => {
    expect(a._equals(b)).toBe(equal);
  });

  it('goes by the store of certificates for TLS', () => {
    const tls = (of: CertificateStore) => new GuardedCredentials(new TlsChannelCredentials(of));
    const other = new CertificateStore({ files: { authorityFile: join(directory, 'ca.pem') } });
    expect(tls(store)._equals(tls(store))).toBe(true);
    expect(tls(store)._equals(tls(other))).toBe(false);
  });

  it('lets equal channels share one connection, which outlives the channel that made it', async () => {
    const port = await startGrpc(0);
    const relay = await new Relay(port).start();
    cleanUp.push(() => relay.stop());
    const open = (connectTimeoutMs: number) => {
      const channel = openChannel({ name: 'orders', target: `127.0.0.1:${relay.port}`, connectTimeoutMs });
      cleanUp.push(() => channel.close());
      return channel;
    };
    const [first, second, other] = [open(500), open(500), open(600)];
    await first.waitForReady(2_000);
    await second.waitForReady(2_000);
    expect(relay.accepted).toBe(1);
    await other.waitForReady(2_000);
    expect(relay.accepted).toBe(2);
    first.close();
    expect(await callOnce(second.client)).toMatchObject({ code: Code.OK });
  });
});
