import { Metadata, status, type Client } from '@grpc/grpc-js';
import { errorInfo, findDetail, fromServiceError, notFound, unavailable, retryInfo } from '@kun/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KINDS } from '../../fixtures/kinds.module.js';
import { call, type Outcome } from '../call.js';
import type { KindsHandlers } from '../kinds-controller.js';
import { startLinked, type LinkedService } from './linked-service.js';

const REASON = { reason: 'NO_CACHE', domain: 'cache.test', metadata: { account: '42' } };
const missing = () => notFound('no cache of account 42', { details: [errorInfo(REASON)] });
const busy = () => unavailable('try later', { details: [retryInfo({ retryDelayMs: 60 })] });

/** Fails as the message says, after a message where there is a stream of messages. */
const failing: KindsHandlers = {
  unary: ({ text }) => fail(text),
  async *watch({ text }) {
    yield { text: 'one' };
    fail(text);
  },
  async collect(requests) {
    for await (const { text } of requests) fail(text);
  },
  async *chat(requests) {
    for await (const { text } of requests) {
      yield { text: 'one' };
      fail(text);
    }
  },
};

function fail(text: string): never {
  throw text === 'busy' ? busy() : missing();
}

describe.each(['pass', 'map', 'mask'] as const)("an upstream's error by the policy %s", (policy) => {
  let last: LinkedService;
  let first: LinkedService;
  let client: Client;
  beforeAll(async () => {
    last = await startLinked({ handlers: failing });
    first = await startLinked({ next: last.grpcAddress, upstream: { Errors: policy, Retry: { By: 'off' } } });
    client = first.grpcClient(KINDS);
  });
  afterAll(async () => {
    await first.close();
    await last.close();
  });

  it.each(['Unary', 'Watch', 'Collect', 'Chat'])('reaches the caller of %s', async (method) => {
    const outcome = await call(client, method, { requests: [{ text: 'missing' }] });
    expect(outcome.messages.map(({ text }) => text)).toEqual(/Watch|Chat/.test(method) ? ['one'] : []);
    const error = errorOf(outcome);
    const detail = findDetail(error, 'google.rpc.ErrorInfo');
    expect({ code: error.code, detail, tells: error.message.includes('account 42') }).toEqual(
      policy === 'pass'
        ? { code: status.NOT_FOUND, detail: expect.objectContaining(REASON) as unknown, tells: true }
        : { code: status.INTERNAL, detail: undefined, tells: false },
    );
  });

  it('is known to the service that made the call, whatever the caller is told', async () => {
    const own = await first.next.unary({ text: 'missing' }).catch((error: unknown) => error);
    expect(own).toMatchObject({ code: status.NOT_FOUND, message: 'no cache of account 42' });
    expect(findDetail(own, 'google.rpc.ErrorInfo')?.reason).toBe('NO_CACHE');
  });

  it('UNAVAILABLE stays what it is unless all is masked, and says when to come back', async () => {
    const error = errorOf(await call(client, 'Unary', { requests: [{ text: 'busy' }] }));
    expect(error.code).toBe(policy === 'mask' ? status.INTERNAL : status.UNAVAILABLE);
    expect(findDetail(error, 'google.rpc.RetryInfo')?.retryDelayMs).toBe(policy === 'mask' ? undefined : 60);
    expect(error.message === 'try later').toBe(policy === 'pass');
  });
});

function errorOf({ code, details, trailers }: Outcome) {
  return fromServiceError({ code, details, metadata: trailers ?? new Metadata() });
}
