import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../clock.js';
import { deferred } from '../../testing/deferred.js';
import { ConnectionQuota, RESERVED_CONNECTIONS, type NearLimit } from './connection-quota.js';
import { Listener } from './listener.js';

/** A socket as the limit sees it: its descriptor. */
const socketOf = (fd: number): Socket => ({ _handle: { fd } }) as unknown as Socket;

describe('the limit of connections', () => {
  it('closes the one that has waited longest without a call, and refuses where all have calls', () => {
    const refused: Array<readonly [string, Socket]> = [];
    const limit = new ConnectionQuota({ maxConnections: 10 }, (error, socket) =>
      refused.push([error.name, socket]),
    );
    const sockets = Array.from({ length: 10 + RESERVED_CONNECTIONS }, (_, fd) => socketOf(fd));
    const admitted = sockets.map((socket, open) => limit.admit(socket, open));
    expect(admitted.filter((how) => how === 'briefly')).toHaveLength(RESERVED_CONNECTIONS);
    expect(admitted.filter((how) => how === 'yes')).toHaveLength(10);
    // The first has calls, the second is gone.
    for (const settled of sockets.slice(0, 2)) limit.settled(settled);
    expect(limit.admit(socketOf(99), sockets.length)).toBe('briefly');
    expect(refused).toEqual([['TooManyConnectionsError', sockets[2]]]);
    for (const socket of sockets) limit.settled(socket);
    const late = socketOf(100);
    limit.admit(late, sockets.length);
    limit.settled(late);
    expect(limit.admit(late, sockets.length)).toBe('no');
    expect(refused.at(-1)).toEqual(['TooManyConnectionsError', late]);
  });

  it('keeps an eighth of the open files for others, 32 at least and 256 at most', () => {
    const lastOf = (openFiles: number) => {
      const limit = new ConnectionQuota({ openFiles }, () => {});
      for (let fd = 0; ; fd++) {
        const socket = socketOf(fd);
        const admitted = limit.admit(socket, 1);
        limit.settled(socket);
        if (admitted === 'no') return fd;
      }
    };
    expect([120, 1024, 20_000].map(lastOf)).toEqual([120 - 32, 1024 - 128, 20_000 - 256]);
  });

  it('goes by the number of connections once descriptors have run short, until there is room again', () => {
    let refused = 0;
    const limit = new ConnectionQuota({ openFiles: 120 }, () => refused++);
    for (let open = 0; open < 50; open++) limit.admit(socketOf(open + 30), open);
    limit.admit(socketOf(88), 50);
    expect(refused).toBe(1);
    // What was closed for that one has left its descriptor to this one.
    limit.admit(socketOf(30), 50);
    expect(refused).toBe(2);
    limit.admit(socketOf(30), 30);
    limit.admit(socketOf(31), 60);
    expect(refused).toBe(2);
  });

  it('tells when a limit is near', () => {
    const near: NearLimit[] = [];
    const limit = new ConnectionQuota(
      { maxConnections: 10, openFiles: 100 },
      () => {},
      (what) => near.push(what),
    );
    limit.admit(socketOf(20), 7);
    expect(near).toEqual([]);
    limit.admit(socketOf(20), 8);
    limit.admit(socketOf(80), 0);
    expect(near).toEqual([
      { what: 'connections', open: 8, limit: 10 },
      { what: 'open files', open: 80, limit: 100 },
    ]);
  });
});

describe('a port with a limit', () => {
  let listener: Listener;
  const clients: Socket[] = [];
  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    void listener.stopAccepting();
    await listener.closeConnections(systemClock, 0);
  });

  it('closes unused connections, and keeps those in use', async () => {
    const used = new Map<number, () => void>();
    const refused: string[] = [];
    const lastServed = deferred();
    listener = new Listener(
      {
        serve(socket, _acceptedAt, onUsed) {
          used.set(socket.remotePort ?? 0, onUsed);
          if (used.size === RESERVED_CONNECTIONS + 2) lastServed.resolve();
          return undefined;
        },
        leave: () => Promise.resolve(),
        close() {},
      },
      { limit: { maxConnections: 1 }, onRefused: (error) => refused.push(error.message) },
    );
    const port = await listener.listen({ port: 0, host: '127.0.0.1' });
    const open = async (): Promise<Socket> => {
      const client = connect(port, '127.0.0.1')
        .on('error', () => {})
        .resume();
      clients.push(client);
      await once(client, 'connect');
      return client;
    };
    const first = await open();
    await expect.poll(() => used.get(first.localPort ?? 0)).toBeDefined();
    used.get(first.localPort ?? 0)?.();
    const second = await open();
    await expect.poll(() => used.size).toBe(2);
    for (let more = 0; more < RESERVED_CONNECTIONS; more++) await open();
    await Promise.all([once(second, 'close'), lastServed.promise]);
    expect(first.destroyed).toBe(false);
    expect(refused).toEqual(['1 connections are open, the maximum that GRPCServer.MaxConnections allows']);
    expect(listener.connectionCount).toBe(1 + RESERVED_CONNECTIONS);
  });
});
