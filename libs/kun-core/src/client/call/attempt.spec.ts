import { getEventListeners } from 'node:events';
import { Metadata, status as Code } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { upstreamOf } from '../../../test/attempts.js';
import { asked } from '../../../test/client-call.js';
import type { Handlers, M } from '../../../test/serve.js';
import { notFound } from '../../status/factories.js';
import { StatusError } from '../../status/status-error.js';

const ends: Array<() => unknown> = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});
const upstream = (...[handlers, options]: [Handlers, { maxReceivedBytes?: number }?]) =>
  upstreamOf(ends, handlers, options);

const GONE = new StatusError(Code.CANCELLED, 'gone');

async function* numbers(...values: number[]) {
  for (const n of values) yield { n };
}
const sum = async (requests: AsyncIterable<M>) => {
  let n = 0;
  for await (const request of requests) n += request.n;
  return { n };
};

describe('an attempt', () => {
  it.each([
    ['Unary', { n: 2 }, [2]],
    ['Watch', { n: 2 }, [0, 1]],
    ['Collect', numbers(1, 2, 3), [6]],
    ['Chat', numbers(1, 2), [10, 20]],
  ])(
    'of %s hands over what is answered, counts it, and says that it went well',
    async (rpc, request, answers) => {
      const t = await upstream({
        Unary: (message: M) => message,
        Watch: ({ n }: M) => Array.from({ length: n }, (_, index) => ({ n: index })),
        Collect: sum,
        async *Chat(messages: AsyncIterable<M>) {
          for await (const { n } of messages) yield { n: n * 10 };
        },
      });
      const { call, got, exchange } = asked(rpc, request);
      const peer = call.peer;
      const ending = await t.try(rpc, call);
      expect(ending).toMatchObject({ code: Code.OK, message: '', cause: 'status' });
      expect(got.map((message) => (message as M).n)).toEqual(answers);
      expect([call.received, exchange.committed]).toEqual([answers.length, true]);
      expect(call.sent).toBe(rpc === 'Collect' ? 3 : rpc === 'Chat' ? 2 : 1);
      expect([peer, call.peer]).toEqual(['dialled', `127.0.0.1:${t.port}`]);
      expect(getEventListeners(call.signal, 'abort')).toEqual([]);
    },
  );

  it('shows metadata and trailers of the answer, also of one that failed', async () => {
    const failing: Handlers = {
      Unary: (_request, _metadata, surface: { sendMetadata(metadata: Metadata): void }) => {
        const headers = new Metadata();
        headers.set('shard', '7');
        surface.sendMetadata(headers);
        throw notFound('no such', { metadata: trailers('rows', '0') });
      },
    };
    const { call } = asked('Unary', {});
    const ending = await (await upstream(failing)).try('Unary', call);
    expect(ending).toMatchObject({ code: Code.NOT_FOUND, message: 'no such', cause: 'status' });
    expect(ending.error?.upstream).toMatchObject({ name: 'cache' });
    expect(call.responseMetadata.get('shard')).toEqual(['7']);
    expect(call.responseTrailers.get('rows')).toEqual(['0']);
  });

  it('leaves out metadata that cannot be sent, and says which', async () => {
    const t = await upstream({ Unary: (_r: M, metadata: Metadata) => ({ text: metadata.get('a').join() }) });
    const { call, got } = asked('Unary', {});
    call.metadata.set('a', '1');
    call.metadata.set('te', 'x');
    await t.try('Unary', call);
    expect([got, t.leftOut]).toEqual([[expect.objectContaining({ text: '1' })], ['te']]);
  });

  it('is not over before a slow caller has taken every message', async () => {
    const t = await upstream({ Watch: () => [{ n: 1 }, { n: 2 }, { n: 3 }] });
    const { call, got, exchange, slow } = asked('Watch', {});
    slow.down = true;
    let over = false;
    const ending = t.try('Watch', call).finally(() => (over = true));
    await expect.poll(() => got.length).toBe(1);
    await t.codes(1);
    await expect.poll(() => call.ending).toBeDefined();
    expect([over, got.length]).toEqual([false, 1]);
    slow.down = false;
    exchange.onDemand?.();
    expect((await ending).code).toBe(Code.OK);
    expect(got).toHaveLength(3);
  });
});

describe('an attempt that is not to be made', () => {
  it.each([
    ['an interceptor ended it', (c: ReturnType<typeof asked>) => c.call.end(notFound('no')), Code.NOT_FOUND],
    ['the caller left', (c) => c.leave.abort(GONE), Code.CANCELLED],
    ['it has no time', (c) => (c.exchange.deadline = 0), Code.DEADLINE_EXCEEDED],
    ['its metadata is too large', (c) => c.call.metadata.set('a', 'x'.repeat(9000)), Code.RESOURCE_EXHAUSTED],
    ['its request does not fit', (c) => (c.exchange.request = { n: 'many' }), Code.INTERNAL],
    ['its requests cannot be read', (c) => (c.exchange.requests = unreadable()), Code.NOT_FOUND],
  ] as ReadonlyArray<readonly [string, (made: ReturnType<typeof asked>) => unknown, Code]>)(
    'since %s never reaches the upstream',
    async (why, prepare, code) => {
      const t = await upstream({ Unary: () => ({}), Collect: sum });
      const rpc = why.startsWith('its requests') ? 'Collect' : 'Unary';
      const made = asked(rpc, rpc === 'Unary' ? {} : numbers());
      prepare(made);
      expect(await t.try(rpc, made.call)).toMatchObject({ code, cause: 'reset', error: { code } });
      expect(made.call.ending?.code).toBe(code);
      // Whatever had been sent before this one is seen before it.
      await t.try('Unary', asked('Unary', {}).call);
      expect(t.endings).toHaveLength(1);
    },
  );

  it('says that its client is closed', async () => {
    const t = await upstream({ Unary: () => ({}) });
    t.client.close();
    expect(await t.try('Unary', asked('Unary', {}).call)).toMatchObject({
      code: Code.UNAVAILABLE,
      message: expect.stringContaining('client of cache is closed'),
      cause: 'reset',
    });
  });
});

function trailers(name: string, value: string): Metadata {
  const metadata = new Metadata();
  metadata.set(name, value);
  return metadata;
}
function unreadable() {
  return {
    read: () => {
      throw notFound('no source');
    },
    finish() {},
  };
}
