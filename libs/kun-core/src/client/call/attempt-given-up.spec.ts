import { status as Code } from '@grpc/grpc-js';
import { NEVER } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import { upstreamOf } from '../../../test/attempts.js';
import { asked } from '../../../test/client-call.js';
import type { Handlers, M } from '../../../test/serve.js';
import { currentCall } from '../../rpc/current-call.js';
import { attemptTimeoutMs } from '../../rpc/attempts.js';
import { notFound } from '../../status/factories.js';
import { StatusError } from '../../status/status-error.js';
import { deferred } from '../../testing/deferred.js';

const ends: Array<() => unknown> = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});
const upstream = (...[handlers, options]: [Handlers, { maxReceivedBytes?: number }?]) =>
  upstreamOf(ends, handlers, options);

const GONE = new StatusError(Code.CANCELLED, 'gone');
/** A handler that waits until its caller has left. */
const waiting = () => new Promise((resolve) => currentCall()?.signal.addEventListener('abort', resolve));
const sum = async (requests: AsyncIterable<M>) => {
  let n = 0;
  for await (const request of requests) n += request.n;
  return { n };
};

describe('an attempt that is given up', () => {
  it.each(['Unary', 'Watch', 'Collect', 'Chat'])(
    'ends with the reason, and so does the call of the upstream: %s',
    async (rpc) => {
      const t = await upstream({ [rpc]: waiting });
      for (const give of ['leave', 'end'] as const) {
        const { call, leave } = asked(rpc, rpc === 'Unary' || rpc === 'Watch' ? {} : NEVER);
        const ending = t.try(rpc, call);
        await expect.poll(() => t.server.openCalls.size, { interval: 5 }).toBe(1);
        if (give === 'leave') leave.abort(GONE);
        else call.end(notFound('seen enough'));
        leave.abort(new StatusError(Code.ABORTED, 'too late to matter'));
        expect(await ending).toMatchObject(
          give === 'leave'
            ? { code: Code.CANCELLED, message: 'gone', error: GONE, cause: 'reset' }
            : { code: Code.NOT_FOUND, message: 'seen enough', cause: 'reset' },
        );
        expect(new Set(await t.codes(give === 'leave' ? 1 : 2))).toEqual(new Set([Code.CANCELLED]));
      }
    },
  );

  it('after its own time, which is less than that of the call', async () => {
    const t = await upstream({ Unary: waiting });
    const { call } = asked('Unary', {});
    call.set(attemptTimeoutMs, 30);
    expect((await t.try('Unary', call)).code).toBe(Code.DEADLINE_EXCEEDED);
  });

  it.each([
    ['what its source throws', notFound('no more'), { code: Code.NOT_FOUND, message: 'no more' }],
    ['INTERNAL for a message that does not fit', { n: 'many' }, { code: Code.INTERNAL }],
  ])('with %s in the middle of its requests', async (_, second, expected) => {
    const reached = deferred();
    const t = await upstream({ Collect: (requests: AsyncIterable<M>) => (reached.resolve(), sum(requests)) });
    async function* requests() {
      yield { n: 1 };
      await reached.promise;
      if (second instanceof StatusError) throw second;
      yield* [second, { n: 3 }];
    }
    const { call, finished } = asked('Collect', requests());
    expect(await t.try('Collect', call)).toMatchObject({ ...expected, cause: 'reset' });
    expect([call.sent, await t.codes(1), finished()]).toEqual([1, [Code.CANCELLED], true]);
  });

  it('by grpc-js for a message too large, as one that would be so again', async () => {
    const t = await upstream({ Unary: () => ({ text: 'x'.repeat(2000) }) }, { maxReceivedBytes: 1000 });
    const { call, got } = asked('Unary', {});
    expect(await t.try('Unary', call)).toMatchObject({ code: Code.RESOURCE_EXHAUSTED, cause: 'reset' });
    expect(got).toEqual([]);
  });
});

describe('a stream of requests', () => {
  it('is read no faster than the upstream takes it, and let go of when the upstream has its answer', async () => {
    const answer = deferred<unknown>();
    const t = await upstream({ Collect: () => answer.promise });
    let made = 0;
    const text = 'x'.repeat(16 * 1024);
    const { call, finished } = asked(
      'Collect',
      (async function* () {
        for (; ; made++) yield { text };
      })(),
    );
    const ending = t.try('Collect', call);
    let before = -1;
    await expect
      .poll(() => (made > 0 && made === before ? true : ((before = made), false)), { interval: 30 })
      .toBe(true);
    expect(made).toBeLessThan(100);
    answer.resolve({ n: 1 });
    expect((await ending).code).toBe(Code.OK);
    expect(finished()).toBe(true);
  });

  it('continues when the upstream does, until its end', async () => {
    const gate = deferred();
    const t = await upstream({
      Collect: async (requests: AsyncIterable<M>) => (await gate.promise, sum(requests)),
    });
    let made = 0;
    async function* many() {
      const text = 'x'.repeat(16 * 1024);
      for (; made < 200; made++) yield { n: 1, text };
    }
    const { call, got } = asked('Collect', many());
    const ending = t.try('Collect', call);
    await expect.poll(() => t.server.openCalls.size).toBe(1);
    gate.resolve();
    expect((await ending).code).toBe(Code.OK);
    expect([got, call.sent]).toEqual([[expect.objectContaining({ n: 200 })], 200]);
  });
});
