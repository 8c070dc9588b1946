import * as grpc from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { Observable, Subject, concatMap, interval, map, of, throwError } from 'rxjs';
import { currentCall } from '../../rpc/current-call.js';
import type { Ending, RpcCall } from '../../rpc/rpc-call.js';
import type { Interceptor } from '../../rpc/interceptor.js';
import { StatusError } from '../../status/status-error.js';
import { deferred } from '../../testing/deferred.js';
import { serveHandlers, type Handlers, type M } from '../../../test/serve.js';

let client: grpc.Client & Record<string, (...args: unknown[]) => never>;
let service: Awaited<ReturnType<typeof serveHandlers>> | undefined;
let endings: Array<{ call: RpcCall; ending: Ending }> = [];

afterEach(async () => {
  await service?.stop();
  service = undefined;
  endings = [];
});

async function serve(handlers: Handlers, interceptors: Interceptor[] = []) {
  service = await serveHandlers(handlers, interceptors);
  ({ endings } = service);
  client = service.connect();
  return { ...service, drainNow: service.drain };
}

function unary(
  request: Partial<M>,
  options: grpc.CallOptions = {},
  metadata = new grpc.Metadata(),
): Promise<M> & { call: grpc.ClientUnaryCall } {
  let call!: grpc.ClientUnaryCall;
  const promise = new Promise<M>((resolve, reject) => {
    call = (client['Unary'] as unknown as (...args: unknown[]) => grpc.ClientUnaryCall).call(
      client,
      request,
      metadata,
      options,
      (error: grpc.ServiceError | null, response: M) => (error ? reject(error) : resolve(response)),
    );
  });
  return Object.assign(promise, { call });
}

function watch(request: Partial<M> = {}): grpc.ClientReadableStream<M> {
  return (client['Watch'] as unknown as (r: unknown) => grpc.ClientReadableStream<M>).call(client, request);
}

async function all(
  stream: grpc.ClientReadableStream<M>,
): Promise<{ messages: M[]; status: grpc.StatusObject }> {
  const messages: M[] = [];
  stream.on('data', (message: M) => messages.push(message));
  stream.on('error', () => {});
  const status = await new Promise<grpc.StatusObject>((resolve) => stream.on('status', resolve));
  return { messages, status };
}

async function ended(count = 1): Promise<Ending[]> {
  await expect.poll(() => endings.length).toBe(count);
  return endings.map(({ ending }) => ending);
}

describe('a unary call', () => {
  it.each([
    ['a value', () => ({ text: 'ok' })],
    ['a promise', async () => ({ text: 'ok' })],
    ['an Observable', () => of({ text: 'ok' })],
    ['the first of an Observable', () => interval(1).pipe(map((n) => ({ text: n === 0 ? 'ok' : 'late' })))],
    [
      'the first of an AsyncIterable',
      async function* () {
        yield { text: 'ok' };
        yield { text: 'late' };
      },
    ],
  ])('answers %s', async (_name, handler) => {
    await serve({ Unary: handler });
    await expect(unary({})).resolves.toMatchObject({ text: 'ok' });
    expect(await ended()).toMatchObject([{ code: grpc.status.OK, cause: 'status', message: '' }]);
  });

  it('gets the request, the metadata and the call', async () => {
    let seen: unknown[] = [];
    await serve({
      Unary: (request: M, metadata: grpc.Metadata, call: grpc.ServerUnaryCall<M, M>) => {
        seen = [
          request.text,
          metadata.get('user-agent').length,
          call.request.text,
          call.getPeer(),
          call.cancelled,
        ];
        const headers = new grpc.Metadata();
        headers.set('x-from', 'handler');
        call.sendMetadata(headers);
        return { text: 'ok' };
      },
    });
    const answer = unary({ text: 'hi' });
    const headers = new Promise<grpc.Metadata>((resolve) => answer.call.on('metadata', resolve));
    await answer;
    expect((await headers).get('x-from')).toEqual(['handler']);
    expect(seen).toEqual(['hi', 1, 'hi', expect.stringMatching(/^127\.0\.0\.1:\d+$/), false]);
  });

  it.each([
    ['an Observable that completes empty', () => new Observable((subscriber) => subscriber.complete())],
    ['undefined', () => undefined],
  ])('answers INTERNAL to %s', async (_name, handler) => {
    await serve({ Unary: handler });
    await expect(unary({})).rejects.toMatchObject({
      code: grpc.status.INTERNAL,
      details: 'the handler of /t.v1.T/Unary returned no response',
    });
  });

  it('answers OK to nothing where the response has no field', async () => {
    await serve({ Nothing: () => undefined });
    const call = client['Nothing'] as unknown as (r: unknown, f: (e: unknown, r: unknown) => void) => void;
    const response = await new Promise((resolve, reject) =>
      call.call(client, {}, (error, value) => (error ? reject(error) : resolve(value))),
    );
    expect(response).toEqual({});
  });

  it('hides what a handler threw', async () => {
    await serve({
      Unary: () => {
        throw new Error('secret');
      },
    });
    const error = await unary({}).catch((cause: unknown) => cause as grpc.ServiceError);
    expect(error).toMatchObject({ code: grpc.status.INTERNAL });
    expect(JSON.stringify(error)).not.toContain('secret');
    const [ending] = await ended();
    expect((ending?.error?.cause as Error).message).toBe('secret');
  });

  it('answers INTERNAL to a response that does not fit the proto, and keeps why', async () => {
    await serve({ Unary: () => ({ data: 'not base64 ~', n: { not: 'a number' } }) });
    await expect(unary({})).rejects.toMatchObject({
      code: grpc.status.INTERNAL,
      details: 'the response of /t.v1.T/Unary does not fit its proto',
    });
    const [ending] = await ended();
    expect(ending?.error?.cause).toBeInstanceOf(Error);
  });

  it('says RESOURCE_EXHAUSTED to a message too large, as the wire does', async () => {
    await serve({ Unary: () => ({}) });
    await expect(unary({ text: 'x'.repeat(2 * 1024 * 1024) })).rejects.toMatchObject({
      code: grpc.status.RESOURCE_EXHAUSTED,
    });
    expect(await ended()).toMatchObject([{ code: grpc.status.RESOURCE_EXHAUSTED, cause: 'status' }]);
  });

  it('tells the handler of a cancelled call, and unsubscribes from its Observable', async () => {
    const started = deferred();
    const torn = deferred();
    let reason: unknown;
    await serve({
      Unary: () => {
        const call = currentCall();
        call?.signal.addEventListener('abort', () => (reason = call.signal.reason));
        return new Observable(() => {
          started.resolve();
          return () => torn.resolve();
        });
      },
    });
    const answer = unary({});
    await started.promise;
    answer.call.cancel();
    await expect(answer).rejects.toMatchObject({ code: grpc.status.CANCELLED });
    await torn.promise;
    expect(reason).toMatchObject({ code: grpc.status.CANCELLED });
    expect(await ended()).toMatchObject([{ code: grpc.status.CANCELLED, cause: 'reset' }]);
  });

  it('says DEADLINE_EXCEEDED at the deadline, on both sides', async () => {
    await serve({ Unary: () => new Promise(() => {}) });
    // By its field and without a timer of the client's, whose reset might arrive before the server's own timer.
    const metadata = new grpc.Metadata();
    metadata.set('grpc-timeout', '50m');
    await expect(unary({}, {}, metadata)).rejects.toMatchObject({
      code: grpc.status.DEADLINE_EXCEEDED,
    });
    expect(await ended()).toMatchObject([{ code: grpc.status.DEADLINE_EXCEEDED }]);
    expect(endings[0]?.call.signal.reason).toMatchObject({ code: grpc.status.DEADLINE_EXCEEDED });
  });

  it('counts a method that is not there, once, under one name', async () => {
    await serve({});
    const code = await new Promise((resolve) =>
      client.makeUnaryRequest(
        '/t.v1.T/Missing',
        () => Buffer.alloc(0),
        (bytes: Buffer) => bytes,
        {},
        (error) => resolve(error?.code),
      ),
    );
    expect(code).toBe(grpc.status.UNIMPLEMENTED);
    expect(await ended()).toMatchObject([{ code: grpc.status.UNIMPLEMENTED, cause: 'status' }]);
    expect(endings[0]?.call.method.name).toBe('_OTHER');
  });

  it('answers what an interceptor ends, without the handler', async () => {
    let handled = false;
    const refusing: Interceptor = () => async (call) => {
      call.end(new StatusError(grpc.status.RESOURCE_EXHAUSTED, 'too much'));
      return new Promise((resolve) => call.onEnd(resolve));
    };
    const { server } = await serve({ Unary: () => (handled = true) }, [refusing]);
    await expect(unary({})).rejects.toMatchObject({
      code: grpc.status.RESOURCE_EXHAUSTED,
      details: 'too much',
    });
    await ended();
    expect(handled).toBe(false);
    await server.openCalls.whenIdle();
  });

  it('answers when an interceptor itself fails', async () => {
    const broken: Interceptor = () => () => {
      throw new Error('secret');
    };
    await serve({ Unary: () => ({}) }, [broken]);
    await expect(unary({})).rejects.toMatchObject({ code: grpc.status.INTERNAL });
  });
});

describe('a response stream', () => {
  it.each([
    ['an Observable', () => of({ n: 1 }, { n: 2 }, { n: 3 })],
    ['a list', () => [{ n: 1 }, { n: 2 }, { n: 3 }]],
    [
      'an async generator',
      async function* () {
        for (let n = 1; n <= 3; n++) yield { n };
      },
    ],
    [
      'an async generator within an Observable, as a Nest interceptor leaves it',
      () =>
        of(
          (async function* () {
            for (let n = 1; n <= 3; n++) yield { n };
          })(),
        ),
    ],
  ])('is sent from %s', async (_name, handler) => {
    await serve({ Watch: handler });
    const { messages, status } = await all(watch());
    expect(messages.map(({ n }) => n)).toEqual([1, 2, 3]);
    expect(status.code).toBe(grpc.status.OK);
    const [ending] = await ended();
    expect(ending?.code).toBe(grpc.status.OK);
    expect(endings[0]?.call.sent).toBe(3);
  });

  it.each([
    [
      'an async generator',
      async function* () {
        yield { n: 1 };
        throw new Error('secret');
      },
    ],
    [
      'an Observable',
      () => of({ n: 1 }).pipe(concatMap((m, i) => (i === 0 ? [m] : []))) as Observable<unknown>,
    ],
  ])('that fails after a message, from %s', async (name, handler) => {
    const failing =
      name === 'an Observable'
        ? () =>
            new Observable((subscriber) => {
              subscriber.next({ n: 1 });
              throwError(() => new Error('secret')).subscribe(subscriber);
            })
        : handler;
    await serve({ Watch: failing });
    const { messages, status } = await all(watch());
    expect(messages).toHaveLength(1);
    expect(status.code).toBe(grpc.status.INTERNAL);
    expect(status.details).not.toContain('secret');
  });

  it('is not made faster than its reader takes it', async () => {
    let produced = 0;
    const text = 'x'.repeat(16 * 1024);
    await serve({
      async *Watch() {
        for (; produced < 10_000; produced++) yield { text };
      },
    });
    const stream = watch();
    stream.on('error', () => {});
    const first = deferred();
    stream.once('data', () => {
      stream.pause();
      first.resolve();
    });
    await first.promise;
    let before = -1;
    await expect
      .poll(() => {
        const settled = produced === before;
        before = produced;
        return settled;
      })
      .toBe(true);
    expect(produced).toBeLessThan(200);
    stream.cancel();
    await ended();
  });

  it('of an Observable is ended when too much waits for a slow reader', async () => {
    const text = 'x'.repeat(1024 * 512);
    const source = new Subject<{ text: string }>();
    await serve({ Watch: () => source });
    const stream = watch();
    stream.on('error', () => {});
    stream.pause();
    await expect.poll(() => source.observed).toBe(true);
    for (let i = 0; i < 64 && source.observed; i++) {
      source.next({ text });
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(source.observed).toBe(false);
    stream.cancel();
    await ended();
  });

  it('stops its generator when the caller leaves', async () => {
    const cleaned = deferred();
    await serve({
      async *Watch() {
        try {
          for (let n = 0; ; n++) {
            yield { n };
            await new Promise((resolve) => setImmediate(resolve));
          }
        } finally {
          cleaned.resolve();
        }
      },
    });
    const stream = watch();
    stream.on('error', () => {});
    stream.once('data', () => stream.cancel());
    await cleaned.promise;
    expect(await ended()).toMatchObject([{ code: grpc.status.CANCELLED, cause: 'reset' }]);
  });
});

describe('a request stream', () => {
  function collect(): { call: grpc.ClientWritableStream<Partial<M>>; answer: Promise<M> } {
    const answer = deferred<M>();
    const method = client['Collect'] as unknown as (
      f: (error: unknown, value: M) => void,
    ) => grpc.ClientWritableStream<Partial<M>>;
    const call = method.call(client, (error, value) =>
      error ? answer.reject(error) : answer.resolve(value),
    );
    return { call, answer: answer.promise };
  }

  it.each([
    [
      'as an AsyncIterable',
      async (requests: AsyncIterable<M>) => {
        let n = 0;
        for await (const request of requests) n += request.n;
        return { n };
      },
    ],
    [
      'as an Observable',
      (requests: Observable<M>) =>
        new Observable((subscriber) => {
          let n = 0;
          requests.subscribe({
            next: (request) => (n += request.n),
            error: (error) => subscriber.error(error),
            complete: () => {
              subscriber.next({ n });
              subscriber.complete();
            },
          });
        }),
    ],
  ])('is read %s', async (_name, handler) => {
    await serve({ Collect: handler as never });
    const { call, answer } = collect();
    for (let n = 1; n <= 100; n++) call.write({ n });
    call.end();
    await expect(answer).resolves.toMatchObject({ n: 5050 });
    await ended();
    expect(endings[0]?.call.received).toBe(100);
  });

  it('that is cancelled fails its reader: it must not look complete', async () => {
    const result = deferred<unknown>();
    const started = deferred();
    await serve({
      Collect: async (requests: AsyncIterable<M>) => {
        try {
          for await (const request of requests) if (request.n === 1) started.resolve();
          result.resolve('complete');
        } catch (error) {
          result.resolve(error);
        }
      },
    });
    const { call, answer } = collect();
    call.write({ n: 1 });
    await started.promise;
    call.cancel();
    await expect(answer).rejects.toMatchObject({ code: grpc.status.CANCELLED });
    expect(await result.promise).toMatchObject({ code: grpc.status.CANCELLED });
  });

  it('keeps the call around everything the handler does', async () => {
    const seen: unknown[] = [];
    await serve({
      Chat: (requests: Observable<M>) =>
        requests.pipe(map((m) => ({ n: m.n, text: String(currentCall()?.method.name) }))),
      Collect: async (requests: AsyncIterable<M>) => {
        for await (const _ of requests) seen.push(currentCall()?.method.name);
        await new Promise((resolve) => setTimeout(resolve, 1));
        seen.push(currentCall()?.method.name);
        return {};
      },
    });
    const method = client['Chat'] as unknown as () => grpc.ClientDuplexStream<Partial<M>, M>;
    const chat = method.call(client);
    chat.write({ n: 1 });
    chat.write({ n: 2 });
    chat.end();
    const { messages } = await all(chat);
    expect(messages.map(({ n, text }) => `${n}${text}`)).toEqual(['1Chat', '2Chat']);
    const { call, answer } = collect();
    call.write({ n: 1 });
    call.end();
    await answer;
    expect(seen).toEqual(['Collect', 'Collect']);
  });
});

describe('a drain', () => {
  it('lets a unary call finish and ends a stream UNAVAILABLE', async () => {
    const go = deferred();
    const { drainNow, draining } = await serve({
      Unary: async () => {
        await go.promise;
        return { text: 'done' };
      },
      async *Watch() {
        yield { n: 1 };
        await new Promise((resolve) => currentCall()?.signal.addEventListener('abort', resolve));
      },
    });
    const answer = unary({});
    const stream = watch();
    const streamed = all(stream);
    await new Promise((resolve) => stream.once('data', resolve));
    draining.abort();
    const drained = drainNow(0, 5000);
    expect((await streamed).status).toMatchObject({
      code: grpc.status.UNAVAILABLE,
      details: 'the server is shutting down',
    });
    go.resolve();
    await expect(answer).resolves.toMatchObject({ text: 'done' });
    expect(await drained).toEqual({ drained: 1, ended: 1, forced: [] });
  });

  it('forces what ignores everything, and says what it was', async () => {
    const started = deferred();
    const { drainNow } = await serve({
      Unary: () => {
        started.resolve();
        return new Promise(() => {});
      },
    });
    const answer = unary({});
    answer.catch(() => {});
    await started.promise;
    const report = await drainNow(0, 50);
    await expect(answer).rejects.toMatchObject({ code: grpc.status.UNAVAILABLE });
    expect(report).toMatchObject({ drained: 0, ended: 0, forced: [{ method: '/t.v1.T/Unary' }] });
  });
});
