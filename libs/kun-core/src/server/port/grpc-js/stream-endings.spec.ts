import { afterEach, describe, expect, it } from 'vitest';
import type * as grpc from '@grpc/grpc-js';
import { currentCall } from '../../../rpc/current-call.js';
import { serveHandlers } from '../../../testing/serve.fixture.js';
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

describe('a call with a month to go', () => {
  let stop: (() => Promise<void>) | undefined;
  afterEach(() => stop?.());

  it('is answered', async () => {
    let deadline = 0;
    const service = await serveHandlers({
      Unary: () => {
        deadline = currentCall()?.deadline ?? 0;
        return { text: 'ok' };
      },
    });
    stop = () => service.stop();
    const client = service.connect<grpc.Client>();
    const unary = (client as unknown as Record<string, (...args: unknown[]) => void>)['Unary'];
    const options = { deadline: Date.now() + 30 * 24 * 3_600_000 };
    const answer = await new Promise((resolve, reject) =>
      unary?.call(client, {}, options, (error: unknown, value: unknown) =>
        error ? reject(error) : resolve(value),
      ),
    );
    expect(answer).toMatchObject({ text: 'ok' });
    expect(deadline).toBe(Infinity);
  });
});
