import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { testAuthority } from '../../../test/certificate.js';
import { listen } from '../../../test/channel.js';
import { listening as listenFor } from '../../../test/listening.js';
import { CertificateStore } from '../../tls/certificate-store.js';
import { Listener, type ListenerOptions } from './listener.js';

const FLUSH_MS = 250;
const NO_ENGINE = { serve: () => undefined, leave: () => Promise.resolve(), close() {} };
const ends: Array<() => unknown> = [];
const listening = (options?: ListenerOptions, asksToLeave?: boolean) => listenFor(ends, options, asksToLeave);
afterEach(async () => {
  vi.useRealTimers();
  for (const end of ends.splice(0).toReversed()) await end();
});

/** Internal to Node. */
interface NetServerParts {
  readonly _handle: { onconnection(error: number, client: undefined): void };
}

/** Waits while the timers stand still. */
async function turnsUntil(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

describe('a listener', () => {
  it('opens any free port, and hands each connection to the engine with when it came', async () => {
    const { listener, port, served, open } = await listening();
    expect(port).toBeGreaterThan(0);
    const before = performance.now();
    const client = await open();
    await expect.poll(() => served.length).toBe(1);
    expect(served[0]?.socket.remotePort).toBe(client.localPort);
    expect(served[0]?.acceptedAt).toBeGreaterThanOrEqual(before);
    expect(served[0]?.acceptedAt).toBeLessThanOrEqual(performance.now());
    expect(listener.connectionCount).toBe(1);
    client.destroy();
    await expect.poll(() => listener.connectionCount).toBe(0);
  });

  it('listens on all interfaces unless told otherwise', async () => {
    const everywhere = new Listener(NO_ENGINE);
    ends.push(() => everywhere.stopAccepting());
    const port = await everywhere.listen({ port: 0 });
    for (const host of ['127.0.0.1', '127.0.0.2']) {
      const client = connect(port, host);
      await once(client, 'connect');
      client.destroy();
    }
    await expect.poll(() => everywhere.connectionCount).toBe(0);
  });

  it('says which port is in use, and which key to set', async () => {
    const other = createServer();
    const port = await listen(other);
    ends.push(() => other.close());
    await expect(new Listener(NO_ENGINE).listen({ port, host: '127.0.0.1' })).rejects.toMatchObject({
      name: 'PortError',
      code: 'EADDRINUSE',
      message: expect.stringMatching(new RegExp(`GRPCServer.Port.*${port}`)),
    });
  });

  it('reports a connection that the system cannot hand over, and continues', async () => {
    const refused: Array<[Error, unknown]> = [];
    const { listener, served, open } = await listening({ onRefused: (...args) => refused.push(args) });
    // What libuv calls when the kernel answers accept() with ENFILE.
    const { _handle: handle } = (listener as unknown as { listener: NetServerParts }).listener;
    handle.onconnection(-constants.errno.ENFILE, undefined);
    expect(refused).toEqual([
      [
        expect.objectContaining({ name: 'AcceptError', message: expect.stringContaining('ENFILE') }),
        undefined,
      ],
    ]);
    await open();
    await expect.poll(() => served.length).toBe(1);
  });

  it('lives on when a connection is reset under it', async () => {
    const { listener, served, open } = await listening();
    const client = await open();
    await expect.poll(() => served.length).toBe(1);
    client.resetAndDestroy();
    served[0]?.socket.write('into nothing');
    await expect.poll(() => listener.connectionCount).toBe(0);
    await open();
    await expect.poll(() => served.length).toBe(2);
  });
});

describe('a listener that stops', () => {
  it('takes no more connections, keeps those it has, and waits for the engine', async () => {
    const { listener, port, told, leaving, open } = await listening();
    await open();
    await expect.poll(() => listener.connectionCount).toBe(1);
    let left = false;
    const stopped = listener.stopAccepting().then(() => (left = true));
    const late = connect(port, '127.0.0.1');
    const [error] = (await once(late, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNREFUSED');
    expect([left, told, listener.connectionCount]).toEqual([false, ['goaway'], 1]);
    leaving.resolve();
    await stopped;
    await listener.stopAccepting();
    expect(told).toEqual(['goaway', 'goaway']);
  });

  it('gives connections the time to say their last, and cuts those that take longer', async () => {
    const { listener, open, clock, told } = await listening();
    const clients = [await open(), await open()];
    await expect.poll(() => listener.connectionCount).toBe(2);
    let over = false;
    const closed = listener.closeConnections(clock, FLUSH_MS).then(() => (over = true));
    expect(told).toEqual(['close']);
    clients[0]?.destroy();
    await expect.poll(() => listener.connectionCount).toBe(1);
    await clock.advance(FLUSH_MS - 1);
    expect([over, clients[1]?.destroyed]).toEqual([false, false]);
    await clock.advance(1);
    await closed;
    await expect.poll(() => clients[1]?.destroyed).toBe(true);
  });

  it('is done as soon as the last connection is closed, and at once if there is none', async () => {
    const { listener, open, clock } = await listening();
    const clients = [await open(), await open()];
    await expect.poll(() => listener.connectionCount).toBe(2);
    const closed = listener.closeConnections(clock, FLUSH_MS);
    for (const client of clients) client.destroy();
    await closed;
    expect([clock.scheduled, listener.connectionCount]).toEqual([0, 0]);
    await listener.closeConnections(clock, FLUSH_MS);
  });
});

describe('a listener with little room', () => {
  it('asks a connection beyond the limit to leave after five seconds, unless it is gone', async () => {
    const near: unknown[] = [];
    const { listener, served, told, open } = await listening({
      limit: { maxConnections: 1 },
      onNearLimit: (at) => near.push(at),
    });
    await open();
    await expect.poll(() => served.length).toBe(1);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const [stays, goes] = [await open(), await open()];
    await turnsUntil(() => served.length === 3);
    goes.destroy();
    await turnsUntil(() => listener.connectionCount === 2);
    vi.advanceTimersByTime(4999);
    expect(told).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(told).toEqual([`leave ${stays.localPort}`]);
    expect(near).toEqual([1, 2].map((opened) => ({ what: 'connections', open: opened, limit: 1 })));
  });

  it('asks no connection to leave if the engine cannot', async () => {
    const { served, open } = await listening({ limit: { maxConnections: 0 } }, false);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await open();
    await turnsUntil(() => served.length === 1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('refuses connections if there is no room at all, and reports it', async () => {
    const refused: string[] = [];
    const { listener, open } = await listening({
      limit: { openFiles: 1 },
      onRefused: (error, socket) => refused.push(`${error.name} ${socket?.remotePort}`),
    });
    const client = await open();
    const { localPort } = client;
    await expect.poll(() => client.destroyed).toBe(true);
    expect(refused).toEqual([`OpenFilesError ${localPort}`]);
    expect(listener.connectionCount).toBe(0);
  });
});

it('ends TLS before the engine, counts connections in their handshake, and serves none that ends its handshake after the stop', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'kun-listener-'));
  ends.push(() => rmSync(directory, { recursive: true }));
  const authority = await testAuthority();
  const { certificate, privateKey } = await authority.issue('localhost');
  const [certificateFile, privateKeyFile] = [join(directory, 'crt'), join(directory, 'key')];
  writeFileSync(certificateFile, certificate);
  writeFileSync(privateKeyFile, privateKey);
  const certificates = new CertificateStore({ files: { certificateFile, privateKeyFile } });
  const { listener, port, served, leaving, open } = await listening({ tls: { certificates } });
  const silent = await open();
  await expect.poll(() => listener.connectionCount).toBe(1);
  const before = performance.now();
  const client = connectTls({ port, host: '127.0.0.1', ca: authority.certificate, ALPNProtocols: ['h2'] });
  await once(client, 'secureConnect');
  await expect.poll(() => served.length).toBe(1);
  const [{ socket, acceptedAt } = { socket: undefined, acceptedAt: 0 }] = served;
  expect(socket).toBeInstanceOf(TLSSocket);
  expect(acceptedAt).toBeGreaterThanOrEqual(before);
  expect(listener.connectionCount).toBe(2);
  leaving.resolve();
  await listener.stopAccepting();
  expect(listener.connectionCount).toBe(2);
  const late = connectTls({ socket: silent, ca: authority.certificate, ALPNProtocols: ['h2'] });
  late.on('error', () => undefined).resume();
  await once(late, 'close');
  await expect.poll(() => listener.connectionCount).toBe(1);
  expect(served).toHaveLength(1);
  client.destroy();
  await expect.poll(() => listener.connectionCount).toBe(0);
});
