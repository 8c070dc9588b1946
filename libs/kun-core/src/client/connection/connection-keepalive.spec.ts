import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { connect, createServer, type Http2Session, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { Client, credentials, status as Code } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { deferred } from '../../testing/deferred.js';
import { serveHandlers } from '../../../test/serve.js';
import { callOnce, listen, Relay } from '../../../test/channel.js';
import { openChannel } from './channel.js';
import { ConnectionKeepalive, type KeepaliveOptions } from '../../transport/connection-keepalive.js';

let cleanUp: Array<() => unknown> = [];

afterEach(async () => {
  for (const clean of cleanUp.toReversed()) await clean();
  cleanUp = [];
});

/** A kun server whose calls stay until they are let go. */
async function serve() {
  const arrived = deferred();
  const release = deferred();
  const { port, drain, force } = await serveHandlers(
    {
      Unary: async () => {
        arrived.resolve();
        await release.promise;
        return {};
      },
    },
    [],
    // Whose sessions can be listened to, to see what the client asks.
    { keepaliveEnabled: false, engine: 'grpc-js' },
  );
  cleanUp.push(async () => {
    release.resolve();
    force.abort();
    await drain();
  });
  return {
    port,
    drain: () => drain(0, 10_000),
    arrived: () => arrived.promise,
    release: () => release.resolve(),
  };
}

/** The sessions of the server in this process, as calls come in. */
function nextSession(): Promise<Http2Session> {
  return new Promise((resolve) => {
    const onStart = (message: unknown) => {
      unsubscribe('http2.server.stream.start', onStart);
      resolve((message as { stream: ServerHttp2Stream }).stream.session!);
    };
    subscribe('http2.server.stream.start', onStart);
  });
}

function channelTo(port: number, keepalive: KeepaliveOptions) {
  const channel = openChannel({
    name: 'orders',
    target: `127.0.0.1:${port}`,
    keepalive,
    initialBackoffMs: 50,
    maxBackoffMs: 100,
    channelOptions: { 'grpc.use_local_subchannel_pool': 1 },
  });
  cleanUp.push(() => channel.close());
  return channel;
}

describe("a call that is longer than three keepalive periods, through the server's drain", () => {
  it('ends as it would have', async () => {
    const server = await serve();
    const channel = channelTo(server.port, { timeMs: 60, timeoutMs: 1_000 });
    const session = nextSession();
    const outcome = callOnce(channel.client);
    await server.arrived();
    const drained = server.drain();
    const asked = deferred();
    let questions = 0;
    (await session).on('remoteSettings', () => ++questions === 4 && asked.resolve());
    await asked.promise; // one a period, so that three lie between
    server.release();
    expect(await outcome).toMatchObject({ code: Code.OK });
    expect(await drained).toMatchObject({ drained: 1, forced: [] });
  });

  it('is lost by the keepalive of grpc-js, in whose place this one stands', async () => {
    const server = await serve();
    const client = new Client(`127.0.0.1:${server.port}`, credentials.createInsecure(), {
      'grpc.keepalive_time_ms': 60,
      'grpc.use_local_subchannel_pool': 1,
    });
    cleanUp.push(() => client.close());
    const outcome = callOnce(client);
    await server.arrived();
    const drained = server.drain();
    expect(await outcome).toMatchObject({ code: Code.UNAVAILABLE, details: 'Connection dropped' });
    server.release();
    await drained;
  });
});

describe('a connection whose network has begun to drop everything', () => {
  it('is cut after a silent period with an open call, which learns of it, and the next call works', async () => {
    const server = await serve();
    const relay = await new Relay(server.port).start();
    cleanUp.push(() => relay.stop());
    const channel = channelTo(relay.port, { timeMs: 100, timeoutMs: 100 });
    const outcome = callOnce(channel.client);
    await server.arrived();
    relay.silence();
    const { code, details, tookMs } = await outcome;
    expect(code).toBe(Code.UNAVAILABLE);
    expect(details).toContain('the peer sent nothing for 100 ms after it was asked whether it is alive');
    expect(tookMs).toBeLessThan(2 * 100 + 100 + 1_000);
    server.release();
    expect(await callOnce(channel.client)).toMatchObject({ code: Code.OK });
  });

  it('is cut long before the period when a call was given up in silence', async () => {
    const server = await serve();
    const relay = await new Relay(server.port).start();
    cleanUp.push(() => relay.stop());
    const channel = channelTo(relay.port, { timeMs: 60_000, timeoutMs: 100 });
    server.release();
    expect(await callOnce(channel.client)).toMatchObject({ code: Code.OK });
    const { cut } = relay.silence();
    expect(await callOnce(channel.client, { deadlineMs: 1_100 })).toMatchObject({
      code: Code.DEADLINE_EXCEEDED,
    });
    await cut;
    expect(await callOnce(channel.client)).toMatchObject({ code: Code.OK });
  });
});

it("serves a server's own connections, and lasts through their closing", async () => {
  const keepalive = new ConnectionKeepalive({ timeMs: 50, timeoutMs: 100 }, 'server');
  const arrived = deferred<ServerHttp2Stream>();
  const server = createServer();
  server.on('connection', (socket: Socket) => keepalive.watch(socket));
  server.on('stream', (stream) => arrived.resolve(stream));
  const relay = await new Relay(await listen(server)).start();
  cleanUp.push(() => (relay.stop(), server.close()));
  const session = connect(`http://127.0.0.1:${relay.port}`);
  const asked = deferred();
  let questions = 0;
  session.on('remoteSettings', () => ++questions === 4 && asked.resolve());
  session.on('error', () => undefined);
  session.request({ ':path': '/' }).on('error', () => undefined);
  const stream = await arrived.promise;
  stream.session!.close();
  await asked.promise; // the first are those of the connection itself
  const aborted = new Promise((resolve) => stream.once('close', resolve));
  stream.on('error', () => undefined);
  relay.silence();
  await aborted;
  expect(stream.session?.destroyed ?? true).toBe(true);
});

it('leaves a slow peer alone: it answers for itself while its handler works', async () => {
  const server = await serve();
  const channel = channelTo(server.port, { timeMs: 50, timeoutMs: 100 });
  const session = nextSession();
  const outcome = callOnce(channel.client);
  const asked = deferred();
  let questions = 0;
  (await session).on('remoteSettings', () => ++questions === 5 && asked.resolve());
  await asked.promise;
  server.release();
  expect(await outcome).toMatchObject({ code: Code.OK });
});

it('lets go of what it subscribed to when the last connection is closed', async () => {
  const { channel: diagnostics } = await import('node:diagnostics_channel');
  const before = diagnostics('http2.client.stream.created').hasSubscribers;
  const server = await serve();
  const relay = await new Relay(server.port).start();
  cleanUp.push(() => relay.stop());
  server.release();
  const channel = channelTo(relay.port, {});
  await callOnce(channel.client);
  expect(diagnostics('http2.client.stream.created').hasSubscribers).toBe(true);
  const { cut } = relay.silence();
  relay.stop();
  channel.close();
  await cut;
  await new Promise((resolve) => setImmediate(resolve));
  expect(diagnostics('http2.client.stream.created').hasSubscribers).toBe(before);
});
