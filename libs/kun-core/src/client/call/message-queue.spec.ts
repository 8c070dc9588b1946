import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { M } from '../../../test/serve.js';
import { currentCall } from '../../rpc/current-call.js';
import { MessageQueue } from './message-queue.js';
import { TestPeers } from '../../../test/typed-client.js';

const peers = new TestPeers();
afterEach(() => peers.end());

async function start(count: number) {
  const service = await peers.serve({
    async *Watch() {
      for (let n = 1; n <= count; n++) yield { n };
    },
  });
  return { service, t: peers.connect(service) };
}

const step = async (next: Promise<IteratorResult<M, undefined>>) => {
  const { done, value } = await next;
  return done ? 'done' : value.n;
};

describe('a stream of responses', () => {
  it('answers those who ask at once in the order in which they asked', async () => {
    const { t } = await start(3);
    const answers = t.watch({});
    const asked = Array.from({ length: 5 }, () => step(answers.next()));
    expect(await Promise.all(asked)).toEqual([1, 2, 3, 'done', 'done']);
  });

  it('settles pending reads when it is left, and the upstream sees the call end', async () => {
    const service = await peers.serve({
      async *Watch() {
        await new Promise((resolve) => currentCall()!.signal.addEventListener('abort', resolve));
        yield* [];
      },
    });
    const answers = peers.connect(service).watch({});
    const asked = [answers.next(), answers.next()].map(step);
    await expect.poll(() => service.server.openCalls.size).toBe(1);
    await answers.return!();
    expect(await Promise.all(asked)).toEqual(['done', 'done']);
    await expect.poll(() => service.server.openCalls.size).toBe(0);
  });

  it('that nobody reads is never called', async () => {
    const { t, service } = await start(3);
    t.watch({});
    for await (const { n } of t.watch({})) if (n === 3) break;
    await expect.poll(() => service.endings.length).toBe(1);
  });

  it('is read once: two readers share it, and a loop that comes too late is told', async () => {
    const { t } = await start(4);
    const answers = t.watch({});
    const seen = { a: [] as number[], b: [] as number[] };
    const read = async (into: number[]) => {
      for await (const { n } of answers) into.push(n);
    };
    await Promise.all([read(seen.a), read(seen.b)]);
    expect([...seen.a, ...seen.b].toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4]);
    await expect(read([])).rejects.toThrow('the stream was read to its end; make a new call for another');
    const left = t.watch({});
    for await (const _ of left) break;
    expect(() => left[Symbol.asyncIterator]()).toThrow('the stream was left');
  });
});

describe('a queue', () => {
  it('delivers every message once and in order, whether the reader or the message comes first, and then the end once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('push', 'next'), { maxLength: 40 }),
        fc.boolean(),
        async (moves, fails) => {
          const queue = new MessageQueue<number>({ begin() {}, onDemand() {}, onAbandoned() {} });
          const asked: Array<Promise<unknown>> = [];
          const ask = () =>
            asked.push(
              queue.next().then(
                ({ done, value }) => (done ? 'done' : value),
                () => 'failed',
              ),
            );
          let pushed = 0;
          for (const move of moves) {
            if (move === 'push') queue.push(++pushed);
            else ask();
          }
          queue.end(fails ? { error: new Error('end') } : {});
          while (asked.length < pushed + 2) ask();
          const numbers = Array.from({ length: pushed }, (_, index) => index + 1);
          const end = Array(asked.length - pushed).fill('done');
          expect(await Promise.all(asked)).toEqual([
            ...numbers,
            ...(fails ? ['failed', ...end.slice(1)] : end),
          ]);
        },
      ),
    );
  });
});
