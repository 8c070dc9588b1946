import { Metadata, status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { currentCall } from '../../rpc/current-call.js';
import type { Ending, RpcCall } from '../../rpc/rpc-call.js';
import type { Interceptor } from '../../rpc/interceptor.js';
import type { Handlers, M } from '../../../test/serve.js';
import { errorInfo } from '../../status/details/details.js';
import { notFound } from '../../status/factories.js';
import type { StatusError } from '../../status/status-error.js';
import { reservedMetadata } from '../../transport/reserved-metadata.js';
import type { LeftOutMetadata } from '../../transport/outgoing-metadata.js';
import { deferred } from '../../testing/deferred.js';
import type { CallOptions } from '../call/call-options.js';
import { detach } from '../call/detach.js';
import { TestPeers, type ConnectOptions, type TClient, type TestServer } from '../../../test/typed-client.js';

const peers = new TestPeers();
afterEach(() => peers.end());
const serve = (handlers: Handlers) => peers.serve(handlers);
const connect = (service: TestServer, options?: ConnectOptions) => peers.connect(service, options);

async function* numbers(count: number): AsyncGenerator<Partial<M>> {
  for (let n = 1; n <= count; n++) yield { n };
}

async function all<T>(messages: AsyncIterable<T>): Promise<T[]> {
  const seen: T[] = [];
  for await (const message of messages) seen.push(message);
  return seen;
}

describe('a typed client', () => {
  it('makes calls of all four kinds', async () => {
    const t = connect(
      await serve({
        Unary: (request: M) => ({ text: `${request.text}!` }),
        Watch: () => [{ n: 1 }, { n: 2 }],
        Collect: async (requests: AsyncIterable<M>) => {
          let n = 0;
          for await (const request of requests) n += request.n;
          return { n };
        },
        async *Chat(requests: AsyncIterable<M>) {
          for await (const request of requests) yield { n: request.n * 10 };
        },
      }),
    );
    await expect(t.unary({ text: 'hi' })).resolves.toMatchObject({ text: 'hi!' });
    expect((await all(t.watch({}))).map(({ n }) => n)).toEqual([1, 2]);
    await expect(t.collect(numbers(100))).resolves.toMatchObject({ n: 5050 });
    expect((await all(t.chat(numbers(50)))).map(({ n }) => n)).toEqual(
      [...Array(50).keys()].map((i) => (i + 1) * 10),
    );
  });

  it("throws the upstream's status with its details", async () => {
    const thrown = notFound('no such', {
      details: [errorInfo({ reason: 'GONE', domain: 't', metadata: {} })],
    });
    const t = connect(
      await serve({
        Unary: () => {
          throw thrown;
        },
        async *Watch() {
          yield { n: 1 };
          throw thrown;
        },
      }),
    );
    const error = await t.unary({}).catch((cause: unknown) => cause as StatusError);
    expect(error).toMatchObject({ code: status.NOT_FOUND, message: 'no such' });
    expect((error as StatusError).details).toMatchObject([{ reason: 'GONE' }]);
    const seen: unknown[] = [];
    const failing = async () => {
      for await (const message of t.watch({})) seen.push(message);
    };
    await expect(failing()).rejects.toMatchObject({ code: status.NOT_FOUND });
    expect(seen).toHaveLength(1);
  });

  it('stalls an upstream whose messages are not read, and cancels the call when the loop is left', async () => {
    let produced = 0;
    const stopped = deferred();
    const text = 'x'.repeat(16 * 1024);
    const t = connect(
      await serve({
        async *Watch() {
          try {
            for (; ; produced++) yield { text };
          } finally {
            stopped.resolve();
          }
        },
      }),
    );
    const settledAt = async () => {
      let before = -1;
      await vi.waitUntil(() => {
        const still = produced === before;
        before = produced;
        return still;
      });
      return produced;
    };
    let taken = 0;
    let stalledAt = Infinity;
    for await (const message of t.watch({})) {
      taken += message.text.length;
      if (taken < 3 * text.length) continue;
      stalledAt = await settledAt();
      break;
    }
    expect(stalledAt).toBeLessThan(300);
    await stopped.promise;
  });

  it('gives up at its timeout, and by its signal', async () => {
    const service = await serve({ Unary: () => new Promise(() => {}) });
    await expect(connect(service, { timeoutMs: 30 }).unary({})).rejects.toMatchObject({
      code: status.DEADLINE_EXCEEDED,
    });
    const leave = new AbortController();
    const answer = connect(service).unary({}, { signal: leave.signal });
    await expect.poll(() => service.server.openCalls.size).toBe(1);
    leave.abort();
    await expect(answer).rejects.toMatchObject({ code: status.CANCELLED });
  });

  it('ends a call with what its own request stream threw', async () => {
    const t = connect(
      await serve({ Collect: async (requests: AsyncIterable<M>) => ({ n: (await all(requests)).length }) }),
    );
    async function* broken(): AsyncGenerator<Partial<M>> {
      yield { n: 1 };
      throw notFound('the source is gone');
    }
    await expect(t.collect(broken())).rejects.toMatchObject({ code: status.NOT_FOUND });
  });

  it('tells its chain of every attempt, once', async () => {
    const endings: Ending[] = [];
    const seen: RpcCall[] = [];
    const observing: Interceptor = (next) => (call) => {
      seen.push(call);
      call.onEnd((ending) => endings.push(ending));
      return next(call);
    };
    const twice: Interceptor = (next) => async (call) => {
      await next(call.nextAttempt());
      return next(call.nextAttempt());
    };
    const t = connect(await serve({ Unary: () => ({}) }), { interceptors: [twice, observing] });
    await t.unary({});
    expect(seen.map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(endings.map(({ code }) => code)).toEqual([status.OK, status.OK]);
  });

  it('does not make a call that an interceptor refuses', async () => {
    let handled = 0;
    const refusing: Interceptor = (next) => (call) => {
      call.end(notFound('not today'));
      return next(call);
    };
    const t = connect(await serve({ Unary: () => ({ n: ++handled }) }), { interceptors: [refusing] });
    await expect(t.unary({})).rejects.toMatchObject({ code: status.NOT_FOUND });
    expect(handled).toBe(0);
  });
});

describe('a call within a call', () => {
  /** B answers when told to; A calls B under its own call. */
  async function chain(callB: (b: TClient) => Promise<unknown>) {
    const reached = deferred<RpcCall>();
    const b = connect(
      await serve({
        Unary: () => {
          const call = currentCall();
          if (call) reached.resolve(call);
          return new Promise(() => {});
        },
      }),
    );
    const serviceA = await serve({ Unary: async () => ({ text: String(await callB(b)) }) });
    return { a: connect(serviceA), reached: reached.promise };
  }

  it('is cancelled with it', async () => {
    const { a, reached } = await chain((b) => b.unary({}));
    const leave = new AbortController();
    const answer = a.unary({}, { signal: leave.signal });
    answer.catch(() => {});
    const call = await reached;
    const aborted = new Promise((resolve) => call.signal.addEventListener('abort', resolve));
    leave.abort();
    await aborted;
    await expect(answer).rejects.toMatchObject({ code: status.CANCELLED });
  });

  it('has no more time than it', async () => {
    const { a, reached } = await chain((b) => b.unary({}, { timeoutMs: 60_000 }));
    const before = Date.now();
    await expect(a.unary({}, { timeoutMs: 200 })).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
    expect((await reached).deadline - before).toBeLessThan(200);
  });

  it('outlives it when detached', async () => {
    const { a, reached } = await chain((b) => detach(() => b.unary({}, { timeoutMs: 5000 })));
    const leave = new AbortController();
    const answer = a.unary({}, { signal: leave.signal, metadata: new Metadata() });
    answer.catch(() => {});
    const call = await reached;
    leave.abort();
    await expect(answer).rejects.toMatchObject({ code: status.CANCELLED });
    expect(call.signal.aborted).toBe(false);
  });
});

describe('request metadata', () => {
  const kinds = (client: TClient, options: CallOptions) => [
    client.unary({}, options),
    all(client.watch({}, options)),
    client.collect(numbers(1), options),
    all(client.chat(numbers(1), options)),
  ];
  const all = async (messages: AsyncIterable<M>) => {
    const seen: M[] = [];
    for await (const message of messages) seen.push(message);
    return seen[0];
  };

  it.each(reservedMetadata('request'))(
    'that is reserved is left out, and the call is made: %s',
    async (name) => {
      const say = () => ({ text: String(currentCall()?.metadata.get('x-mine')) });
      const service = await serve({ Unary: say, Watch: () => [say()], Collect: say, Chat: () => [say()] });
      const leftOut: LeftOutMetadata[] = [];
      const client = connect(service, { onLeftOut: (one) => leftOut.push(one), timeoutMs: 20_000 });
      const metadata = new Metadata();
      metadata.set(name, name.endsWith('-bin') ? Buffer.of(7) : '7');
      metadata.set('x-mine', 'kept');
      for (const answer of await Promise.all(kinds(client, { metadata, timeoutMs: 20_000 }))) {
        expect(answer).toMatchObject({ text: 'kept' });
      }
      expect(leftOut).toEqual(
        Array.from({ length: 4 }, () => ({ name, place: 'request', reason: 'reserved' })),
      );
    },
  );

  it('that is too large never leaves, and says so', async () => {
    const service = await serve({});
    const metadata = new Metadata();
    metadata.set('x-large', 'y'.repeat(200_000));
    for (const answer of kinds(connect(service), { metadata })) {
      await expect(answer).rejects.toMatchObject({
        code: status.RESOURCE_EXHAUSTED,
        message: expect.stringMatching(
          /^the request metadata of \/t\.v1\.T\/\w+ take 200039 bytes/,
        ) as string,
      });
    }
    expect(service.endings).toEqual([]);
  });
});
