import { Readable } from 'node:stream';
import { status } from '@grpc/grpc-js';
import { from, NEVER, Observable, of } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import { notFound } from '../../status/factories.js';
import type { M } from '../../../test/serve.js';
import { deferred } from '../../testing/deferred.js';
import { CallArgumentError } from './call-argument-error.js';
import { TestPeers } from '../../../test/typed-client.js';

const peers = new TestPeers();
afterEach(() => peers.end());

const TWO = [{ n: 1 }, { n: 2 }];

/** A service that adds up, one that answers each message, and one that waits for ever. */
async function start() {
  let reached = deferred();
  const service = await peers.serve({
    Unary: (request: M) => ({ n: request.n }),
    Collect: async (requests: AsyncIterable<M>) => {
      reached.resolve();
      let n = 0;
      for await (const request of requests) n += request.n;
      return { n };
    },
    async *Chat(requests: AsyncIterable<M>) {
      reached.resolve();
      for await (const request of requests) yield { n: request.n };
    },
  });
  return {
    service,
    t: peers.connect(service),
    /** The upstream has no call open, and saw so many of them end. */
    ended: async (count: number) => {
      await expect.poll(() => [service.endings.length, service.server.openCalls.size]).toEqual([count, 0]);
      return service.endings.map(({ ending }) => ending.code);
    },
    reached: async () => {
      await reached.promise;
      reached = deferred();
    },
  };
}

/** A stream of requests that says one thing and then waits, and whether it was finished. */
function waiting(form: 'generator' | 'iterator' | 'Node' | 'web' | 'Observable') {
  const finished = deferred();
  const forms = {
    // Between two messages, as one that a slow upstream stalls; it cannot be ended while it awaits something else.
    generator: () =>
      (async function* () {
        try {
          for (;;) yield { data: Buffer.alloc(64 * 1024) };
        } finally {
          finished.resolve();
        }
      })(),
    iterator: () => ({
      next: () => new Promise(() => {}),
      return: async () => (finished.resolve(), { done: true, value: undefined }),
      [Symbol.asyncIterator]() {
        return this;
      },
    }),
    Node: () => {
      const stream = new Readable({ objectMode: true, read() {} });
      stream.push({ n: 1 });
      return stream.once('close', () => finished.resolve());
    },
    web: () => new ReadableStream({ cancel: () => finished.resolve() }),
    Observable: () =>
      new Observable((subscriber) => {
        subscriber.next({ n: 1 });
        return () => finished.resolve();
      }),
  };
  return { requests: forms[form](), finished: finished.promise };
}
const FORMS = ['generator', 'iterator', 'Node', 'web', 'Observable'] as const;

describe('a stream of requests', () => {
  it.each<[string, () => unknown]>([
    ['an array', () => TWO],
    ['a Set', () => new Set(TWO)],
    ['a generator', () => TWO.values()],
    ['an iterable of promises', () => TWO.map((message) => Promise.resolve(message))],
    [
      'an async generator',
      async function* () {
        yield* TWO;
      },
    ],
    ["Node's Readable", () => Readable.from(TWO)],
    ["the web's ReadableStream", () => ReadableStream.from(TWO)],
    ['an Observable', () => of(...TWO)],
    [
      'an Observable that comes later',
      () =>
        from(Promise.resolve(TWO)).pipe(
          (source) =>
            new Observable<unknown>((s) =>
              source.subscribe((all) => {
                for (const each of all) s.next(each);
                s.complete();
              }),
            ),
        ),
    ],
  ])('may be %s', async (_name, make) => {
    const { t, ended } = await start();
    await expect(t.collect(make())).resolves.toMatchObject({ n: 3 });
    const answers: number[] = [];
    for await (const { n } of t.chat(make())) answers.push(n);
    expect(answers).toEqual([1, 2]);
    expect(await ended(2)).toEqual([status.OK, status.OK]);
  });

  it.each<[string, unknown, RegExp]>([
    ['nothing', undefined, /request: expected a stream of messages .*, found undefined$/],
    ['null', null, /found null$/],
    ['a single message', { n: 1 }, /found an object; pass a single message as \[message\]$/],
    ['text', 'abc', /found the string "abc"$/],
    ['bytes', Buffer.from('abc'), /found a Buffer$/],
    ['a function', function* () {}, /found a function; call the generator function$/],
    ['a promise', Promise.resolve([]), /found a Promise; await it$/],
    ['a bare iterator', { next: () => ({ done: true }) }, /an iterator needs \[Symbol\.asyncIterator\]$/],
  ])('is not %s: nothing is opened', async (_name, requests, message) => {
    const { t, service } = await start();
    await expect(t.collect(requests)).rejects.toThrow(CallArgumentError);
    await expect(t.collect(requests)).rejects.toThrow(message);
    expect(() => t.chat(requests)).toThrow(message);
    await t.unary({});
    expect(service.endings).toHaveLength(1);
  });

  it('that cannot be read, or throws later, ends its call with what was thrown', async () => {
    const { t, ended, reached, service } = await start();
    const locked = ReadableStream.from(TWO);
    locked.getReader();
    const unreadable = {
      [Symbol.asyncIterator]() {
        throw notFound('the file is gone');
      },
    };
    await expect(t.collect(locked)).rejects.toMatchObject({ code: status.INTERNAL });
    await expect(t.collect(unreadable)).rejects.toMatchObject({ code: status.NOT_FOUND });
    expect(service.endings).toEqual([]);
    const failing = async function* () {
      yield { n: 1 };
      await reached();
      throw notFound('the file ends here');
    };
    await expect(t.collect(failing())).rejects.toMatchObject({ code: status.NOT_FOUND });
    const broken = { [Symbol.asyncIterator]: () => ({ next: () => reached().then(() => 5 as never) }) };
    await expect(t.collect(broken)).rejects.toMatchObject({ code: status.INTERNAL });
    expect(await ended(2)).toEqual([status.CANCELLED, status.CANCELLED]);
  });

  it.each(FORMS)('is finished when the reader leaves: %s', async (form) => {
    const { t, ended, reached } = await start();
    for (const leave of ['break', 'return', 'throw'] as const) {
      const { requests, finished } = waiting(form);
      const answers = t.chat(requests);
      const first = answers.next();
      await reached();
      if (leave === 'break') {
        void first.then(() => undefined);
        await answers.return!();
      } else if (leave === 'return') await answers.return!();
      else await expect(answers.throw!(new Error('enough'))).rejects.toThrow('enough');
      await finished;
      await first;
    }
    expect(await ended(3)).toEqual(Array(3).fill(status.CANCELLED));
  });

  it.each(FORMS)('is finished when the call is over without it: %s', async (form) => {
    const { t, service, reached, ended } = await start();
    const { requests, finished } = waiting(form);
    const leave = new AbortController();
    const answer = t.collect(requests, { signal: leave.signal });
    await reached();
    leave.abort();
    await expect(answer).rejects.toMatchObject({ code: status.CANCELLED });
    await finished;
    await ended(1);
    const never = waiting(form);
    await expect(t.collect(never.requests, { timeoutMs: 0 })).rejects.toMatchObject({
      code: status.DEADLINE_EXCEEDED,
    });
    // What was never read has nothing to let go of, unless it is a resource.
    if (form === 'Node' || form === 'web' || form === 'iterator') await never.finished;
    expect(service.endings).toHaveLength(1);
  });

  it('that was left before the first answer was asked for is finished, too, and nothing is opened', async () => {
    const { t, service } = await start();
    const { requests, finished } = waiting('Node');
    const answers = t.chat(requests);
    await answers.return!();
    await finished;
    await expect(answers.next()).resolves.toEqual({ done: true, value: undefined });
    await t.unary({});
    expect(service.endings).toHaveLength(1);
  });

  it('that never ends does not hold up an upstream that has its answer', async () => {
    const service = await peers.serve({ Collect: () => ({ n: 7 }) });
    const t = peers.connect(service);
    await expect(t.collect(NEVER)).resolves.toMatchObject({ n: 7 });
    await expect.poll(() => service.server.openCalls.size).toBe(0);
  });
});

describe('a single request', () => {
  it.each<[string, unknown, RegExp]>([
    ['forgotten', undefined, /expected one message, found undefined; an empty one is \{\}$/],
    ['a list', [{ n: 1 }], /found a stream of messages$/],
    ['a stream', of({ n: 1 }), /found a stream of messages$/],
    ['a promise', Promise.resolve({}), /found a promise; await it$/],
    ['text', 'abc', /found the string "abc"$/],
  ])('is refused when it is %s', async (_name, request, message) => {
    const { t, service } = await start();
    await expect(t.unary(request as object)).rejects.toThrow(message);
    expect(() => t.watch(request as object)).toThrow(message);
    expect(service.endings).toEqual([]);
  });
});
