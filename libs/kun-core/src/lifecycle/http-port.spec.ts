import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { deferred } from '../testing/deferred.js';
import { FakeClock } from '../testing/fake-clock.js';
import { closeHttpServer, watchIdleConnections } from './http-port.js';

const open: Array<Server | Socket> = [];
afterEach(() => {
  for (const each of open.splice(0)) {
    if ('closeAllConnections' in each) each.closeAllConnections();
    (each as Socket).destroy?.();
  }
});

/** A server that listens, and connections to it. */
async function listening(answer: RequestListener) {
  const server = createServer({ keepAliveTimeout: 600_000 }, answer);
  const connections = watchIdleConnections(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(server);
  const clock = new FakeClock();
  const force = new AbortController();
  return {
    server,
    clock,
    force,
    close: () => closeHttpServer(server, connections, clock, { timeoutMs: 3000, force: force.signal }),
    connected: async () => {
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
      open.push(socket);
      await once(socket, 'connect');
      const received: string[] = [];
      socket.setEncoding('utf8').on('data', (text: string) => received.push(text));
      // A connection that is cut is no error of the test.
      socket.on('error', () => undefined);
      const closed = once(socket, 'close');
      return {
        socket,
        closed,
        request: () => socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n'),
        text: () => received.join(''),
      };
    },
  };
}

describe('an HTTP port that is closed', () => {
  it('cuts idle connections at once, those that have asked nothing yet as well', async () => {
    const { close, clock, connected } = await listening((_, response) => response.end('ok'));
    const [used, unused] = [await connected(), await connected()];
    used.request();
    await once(used.socket, 'data');
    expect(await close()).toEqual({ forced: false });
    await Promise.all([used.closed, unused.closed]);
    expect(clock.scheduled).toBe(0);
  });

  it('lets a request end, and closes its connection then and not at the end of its keep-alive', async () => {
    const [asked, answer] = [deferred(), deferred()];
    const { server, close, connected } = await listening((_, response) => {
      response.write('first ');
      asked.resolve();
      void answer.promise.then(() => response.end('last'));
    });
    const caller = await connected();
    caller.request();
    await asked.promise;
    const closing = close();
    expect(server.listening).toBe(false);
    answer.resolve();
    expect(await closing).toEqual({ forced: false });
    await caller.closed;
    expect(caller.text()).toMatch(/first [^]*last/);
  });

  it.each(['at its time', 'at a second signal'])(
    'cuts a request that hangs, and says so: %s',
    async (when) => {
      const asked = deferred();
      const { clock, force, close, connected } = await listening(() => asked.resolve());
      const caller = await connected();
      caller.request();
      await asked.promise;
      const closing = close();
      await clock.awaitScheduled();
      await clock.advance(2999);
      expect(caller.socket.destroyed).toBe(false);
      if (when === 'at its time') await clock.advance(1);
      else force.abort();
      expect(await closing).toEqual({ forced: true });
      await caller.closed;
      expect(clock.scheduled).toBe(0);
    },
  );

  it('that never opened, or is closed already, has nothing to close', async () => {
    const clock = new FakeClock();
    const limits = { timeoutMs: 3000, force: new AbortController().signal };
    const server = createServer();
    const closed = closeHttpServer(server, watchIdleConnections(server), clock, limits);
    expect(await closed).toEqual({ forced: false });
    const { close } = await listening(() => undefined);
    await close();
    expect(await close()).toEqual({ forced: false });
  });
});
