import { promises as names } from 'node:dns';
import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { callOnce } from '../../../test/channel.js';
import { openChannel } from './channel.js';

const ends: Array<() => unknown> = [];
afterEach(() => {
  for (const end of ends.splice(0).toReversed()) end();
  vi.restoreAllMocks();
});

/** Answers with its own address. */
async function serve(address: string, port = 0) {
  const bytes = (value: Buffer) => value;
  const server = new Server();
  const unary = {
    path: '/t.v1.T/Unary',
    requestStream: false,
    responseStream: false,
    requestSerialize: bytes,
    requestDeserialize: bytes,
    responseSerialize: bytes,
    responseDeserialize: bytes,
  };
  const answer = (_call: unknown, done: (error: null, value: Buffer) => void) =>
    done(null, Buffer.from(address));
  server.addService({ Unary: unary }, { Unary: answer });
  ends.push(() => server.forceShutdown());
  const taken = await new Promise<number>((resolve, reject) =>
    server.bindAsync(`${address}:${port}`, ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  return { port: taken, stop: () => server.forceShutdown() };
}

describe('an upstream all of whose addresses change', () => {
  it('is found again before a call that waits for it gives up', async () => {
    let address = '127.0.0.2';
    // The name service alone is played: what the name leads to, and grpc-js that asks, are real.
    const lookup = vi.spyOn(names, 'lookup');
    lookup.mockImplementation((() => Promise.resolve([{ address, family: 4 }])) as never);
    const first = await serve(address);
    await serve('127.0.0.3', first.port);
    const channel = openChannel({ name: 'orders', target: `orders.test:${first.port}` });
    ends.push(() => channel.close());
    const call = () => callOnce(channel.client, { waitForReady: true, deadlineMs: 15_000 });
    expect(await call()).toMatchObject({ code: status.OK, text: '127.0.0.2' });

    address = '127.0.0.3';
    first.stop();
    await expect.poll(() => channel.state).not.toBe('ready');
    expect(await call()).toMatchObject({ code: status.OK, text: '127.0.0.3' });
    // Not a storm of them, either.
    expect(lookup.mock.calls.length).toBeLessThan(10);
  }, 30_000);
});
