import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { EventEmitter } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import type * as grpc from '@grpc/grpc-js';
import { currentCall } from '../../../rpc/current-call.js';
import { serveHandlers } from '../../../../test/serve.js';
import { dropEndlessTimeout } from './stream-endings.js';

describe('dropEndlessTimeout', () => {
  it.each([
    ['2592000S', undefined],
    ['99999999H', undefined],
    ['2147483648m', undefined],
    ['2147483647m', '2147483647m'],
    ['596H', '596H'],
    ['20S', '20S'],
    ['1n', '1n'],
    ['nonsense', 'nonsense'],
    ['', ''],
  ])('makes %j to %j', (timeout, left) => {
    const headers = { 'grpc-timeout': timeout };
    dropEndlessTimeout(headers);
    expect(headers['grpc-timeout']).toBe(left);
  });
});

describe('a call over grpc-js', () => {
  let stop: (() => Promise<void>) | undefined;
  afterEach(() => stop?.());

  it('with a month to go is answered', async () => {
    let deadline = 0;
    const service = await serveHandlers(
      {
        Unary: () => {
          deadline = currentCall()?.deadline ?? 0;
          return { text: 'ok' };
        },
      },
      [],
      { engine: 'grpc-js' },
    );
    stop = () => service.stop();
    const answer = await unary(service.connect(), { deadline: Date.now() + 30 * 24 * 3_600_000 });
    expect(answer).toMatchObject({ text: 'ok' });
    expect(deadline).toBe(Infinity);
  });

  it('leaves a stream with nothing to hold: Node keeps closed streams for a while', async () => {
    const streams: EventEmitter[] = [];
    const collect = (message: unknown) => streams.push((message as { stream: EventEmitter }).stream);
    subscribe('http2.server.stream.start', collect);
    const service = await serveHandlers({ Unary: () => ({ text: 'ok' }) }, [], { engine: 'grpc-js' });
    stop = () => service.stop();
    await unary(service.connect());
    await expect.poll(() => service.endings.length).toBe(1);
    unsubscribe('http2.server.stream.start', collect);
    const [stream] = streams;
    // An error nobody expects any more must not end the process.
    await expect.poll(() => stream?.eventNames()).toEqual(['error']);
    const values = Object.getOwnPropertySymbols(stream).map(
      (key) => Reflect.get(stream ?? {}, key) as unknown,
    );
    expect(values.some((value) => value !== null && typeof value === 'object' && 'call' in value)).toBe(
      false,
    );
  });
});

function unary(client: grpc.Client, options: grpc.CallOptions = {}): Promise<unknown> {
  const method = (client as unknown as Record<string, (...args: unknown[]) => void>)['Unary'];
  return new Promise((resolve, reject) =>
    method?.call(client, {}, options, (error: unknown, value: unknown) =>
      error ? reject(error) : resolve(value),
    ),
  );
}
