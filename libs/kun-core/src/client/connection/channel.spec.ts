import { createServer } from 'node:net';
import { Server, ServerCredentials, status as Code, type ServerUnaryCall } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { deferred, type Deferred } from '../../testing/deferred.js';
import { callOnce, listen, Relay } from '../../../test/channel.js';
import { openChannel, UpstreamNotReadyError, type UpstreamChannelOptions } from './channel.js';

const bytes = (value: Buffer) => value;
const method = (path: string) => ({
  path,
  requestStream: false,
  responseStream: false,
  requestSerialize: bytes,
  requestDeserialize: bytes,
  responseSerialize: bytes,
  responseDeserialize: bytes,
});
let held: { arrived: Deferred<void>; release: Deferred<void> };
let cleanUp: Array<() => unknown> = [];
afterEach(async () => {
  for (const clean of cleanUp.toReversed()) await clean();
  cleanUp = [];
});

/** Answers with the `:authority` it was called by, or with as many bytes as asked. */
async function serve(address = '127.0.0.1:0'): Promise<number> {
  const server = new Server();
  server.addService(
    { Unary: method('/t.v1.T/Unary'), Large: method('/t.v1.T/Large'), Held: method('/t.v1.T/Held') },
    {
      Unary: (call: ServerUnaryCall<Buffer, Buffer>, done: (error: null, value: Buffer) => void) =>
        done(null, Buffer.from(call.getHost())),
      Held: (_call: unknown, done: (error: null, value: Buffer) => void) => {
        held.arrived.resolve();
        void held.release.promise.then(() => done(null, Buffer.alloc(0)));
      },
      Large: (_call: unknown, done: (error: null, value: Buffer) => void) => done(null, Buffer.alloc(2048)),
    },
  );
  cleanUp.push(() => server.forceShutdown());
  return new Promise((resolve, reject) =>
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    ),
  );
}

function open(options: Partial<UpstreamChannelOptions> & { target: string }) {
  const channel = openChannel({ name: 'orders', initialBackoffMs: 20, maxBackoffMs: 50, ...options });
  cleanUp.push(() => channel.close());
  return channel;
}

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('a channel', () => {
  it('connects when it is waited for or called, and says how it stands', async () => {
    const channel = open({ target: `localhost:${await serve()}` });
    expect(channel.state).toBe('idle');
    await channel.waitForReady(2_000);
    expect(channel.state).toBe('ready');
    expect(await callOnce(channel.client)).toMatchObject({ code: Code.OK });
    channel.close();
    channel.close();
    expect(channel.state).toBe('closed');
    await expect(channel.waitForReady(10)).rejects.toThrow('the channel was closed');
  });

  it('through a sidecar dials its port, and keeps the target as :authority', async () => {
    const relay = await new Relay(await serve()).start();
    cleanUp.push(() => relay.stop());
    const channel = open({ target: 'dns:///orders.shop:50051', proxyPort: relay.port });
    expect(await callOnce(channel.client)).toMatchObject({ code: Code.OK, text: 'orders.shop:50051' });
    expect(relay.accepted).toBe(1);
  });

  it('lets calls in flight end when it is closed', async () => {
    const channel = open({ target: `localhost:${await serve()}` });
    held = { arrived: deferred(), release: deferred() };
    const outcome = callOnce(channel.client, { path: '/t.v1.T/Held' });
    await held.arrived.promise;
    channel.close();
    held.release.resolve();
    expect(await outcome).toMatchObject({ code: Code.OK });
  });

  it('holds messages to their limit', async () => {
    const channel = open({ target: `localhost:${await serve()}`, maxMessageBytes: 1024 });
    expect((await callOnce(channel.client, { path: '/t.v1.T/Large' })).code).toBe(Code.RESOURCE_EXHAUSTED);
  });

  it('spreads calls over the addresses of a list', async () => {
    const relays = await Promise.all([1, 2].map(async () => new Relay(await serve()).start()));
    cleanUp.push(...relays.map((relay) => () => relay.stop()));
    const channel = open({
      target: `ipv4:${relays.map(({ port }) => `127.0.0.1:${port}`).join(',')}`,
      channelOptions: { 'grpc.service_config': '{"loadBalancingConfig":[{"round_robin":{}}]}' },
    });
    await channel.waitForReady(2_000);
    expect(relays.map(({ accepted }) => accepted)).toEqual([1, 1]);
  });
});

describe('waiting for an upstream that is not there', () => {
  it('ends at its time, naming upstream, target and what was seen', async () => {
    const port = await freePort();
    const channel = open({ target: `127.0.0.1:${port}` });
    const waiting = channel.waitForReady(150);
    await expect(waiting).rejects.toBeInstanceOf(UpstreamNotReadyError);
    await expect(waiting).rejects.toThrow(
      new RegExp(
        `^upstream orders \\(127\\.0\\.0\\.1:${port}\\) was not reached within 150 ms; last seen: .*ECONNREFUSED 127\\.0\\.0\\.1:${port}`,
      ),
    );
  });

  it('names the proxy, where the fault may lie', async () => {
    const proxyPort = await freePort();
    const channel = open({ target: 'orders.shop:50051', proxyPort });
    await expect(channel.waitForReady(100)).rejects.toThrow(
      `upstream orders (orders.shop:50051) through the proxy at 127.0.0.1:${proxyPort} was not reached within 100 ms`,
    );
  });

  it('is over as soon as it comes', async () => {
    const port = await freePort();
    const channel = open({ target: `127.0.0.1:${port}` });
    const waiting = channel.waitForReady(5_000);
    await callOnce(channel.client); // has failed: nobody there yet
    await serve(`127.0.0.1:${port}`);
    await expect(waiting).resolves.toBeUndefined();
  });

  it('ends when the channel is closed meanwhile', async () => {
    const channel = open({ target: `127.0.0.1:${await freePort()}` });
    const waiting = channel.waitForReady(5_000);
    channel.close();
    await expect(waiting).rejects.toThrow('the channel was closed');
  });
});
