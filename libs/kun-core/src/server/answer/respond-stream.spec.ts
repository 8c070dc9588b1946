import { status as Code } from '@grpc/grpc-js';
import { NEVER, Subject, concat, from, of, range, throwError, map, tap } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { answered } from '../../../test/answered.js';
import { opened, type OpenedOptions } from '../../../test/opened-call.js';
import { deferred } from '../../testing/deferred.js';
import { respondWithStream } from './respond.js';

const broken = new Error('broken');
const turn = () => new Promise((resolve) => setImmediate(resolve));
const KIB = 'x'.repeat(1024);
const streamed = (result: unknown, options: OpenedOptions = {}) =>
  answered(result, { ...options, responseStream: true });

/** An iterator that a test feeds, and that says when it is told to clean up. */
function fed() {
  const steps: Array<(step: IteratorResult<unknown>) => void> = [];
  const returned = deferred();
  const iterable = {
    [Symbol.asyncIterator]: () => iterable,
    next: () => new Promise<IteratorResult<unknown>>((resolve) => steps.push(resolve)),
    return: async () => {
      returned.resolve();
      steps.shift()?.({ done: true, value: undefined });
      return { done: true, value: undefined };
    },
  };
  return { iterable, steps, returned: returned.promise };
}

describe('a streamed answer', () => {
  it.each([
    ['an Observable', () => of('a', 'b'), ['a', 'b']],
    [
      'an AsyncIterable',
      async function* () {
        yield* ['a', 'b'];
      },
      ['a', 'b'],
    ],
    ['a list', () => ['a', 'b'], ['a', 'b']],
    ['one message', () => 1, ['1']],
    ['nothing', () => undefined, []],
    ['null', () => null, []],
    [
      'an Observable of iterables, in their order',
      () => from([fromList('a', 'b'), fromList('c')]),
      ['a', 'b', 'c'],
    ],
  ])('may be %s', async (_, handler, messages) => {
    const { sent, late } = streamed(handler());
    await turn();
    expect(sent).toEqual(['headers', ...messages, 'status 0']);
    expect(late).toEqual([]);
  });

  it.each([
    [
      'an Observable',
      () =>
        concat(
          of('a'),
          throwError(() => broken),
        ),
    ],
    ['an AsyncIterable', () => failing()],
    ['an iterable within an Observable', () => concat(of(failing()), NEVER)],
  ])('fails with what %s throws, after the messages before it', async (_, handler) => {
    const { sent, thrown } = streamed(handler());
    await expect(thrown).rejects.toBe(broken);
    expect(sent).toEqual(['headers', 'a']);
  });

  it('reads an AsyncIterable no faster than the caller takes it, and an end of the call wakes it', async () => {
    let made = 0;
    let cleaned = 0;
    async function* many() {
      try {
        for (; ; made++) yield KIB;
      } finally {
        cleaned++;
      }
    }
    const { taken, cancel, openCalls } = streamed(many());
    await turn();
    expect(made).toBe(63);
    for (const take of taken.splice(0)) take();
    await turn();
    expect(made).toBe(127);
    cancel();
    await turn();
    expect([made, cleaned, openCalls.size]).toEqual([127, 1, 0]);
  });

  it('tells an iterator that waits for its next message to clean up when the caller leaves', async () => {
    const { iterable, returned } = fed();
    const { cancel, openCalls } = streamed(iterable);
    cancel();
    await returned;
    await expect.poll(() => openCalls.size).toBe(0);
  });

  it('tells the iterator within an Observable likewise, and leaves the Observable', async () => {
    const { iterable, returned } = fed();
    const source = new Subject();
    const { cancel, openCalls } = streamed(source);
    source.next(iterable);
    await turn();
    cancel();
    await returned;
    expect(source.observed).toBe(false);
    await expect.poll(() => openCalls.size).toBe(0);
  });

  it('ends an Observable that is faster than its reader at 16 MiB, wherever it emits', async () => {
    const source = new Subject();
    const { thrown } = streamed(source);
    const mib = 'x'.repeat(1024 * 1024);
    for (let n = 0; n < 16; n++) source.next(mib);
    await turn();
    expect(source.observed).toBe(true);
    source.next('x');
    await expect(thrown).rejects.toMatchObject({
      code: Code.RESOURCE_EXHAUSTED,
      message: expect.stringMatching(/\/test\.v1\.Test\/Get.* 16777217 bytes/),
    });
    expect(source.observed).toBe(false);
  });

  it('takes no more of an Observable that emits synchronously, once it has failed', async () => {
    let made = 0;
    const { thrown } = streamed(range(0, 1e6).pipe(map(() => (made++, KIB))));
    await expect(thrown).rejects.toMatchObject({ code: Code.RESOURCE_EXHAUSTED });
    expect(made).toBe(16 * 1024 + 1);
  });

  it('takes no more of it once the wire refuses a message', () => {
    let made = 0;
    const wire = {
      sendMessage() {
        throw new Error('broken');
      },
    };
    const { call } = opened({ responseStream: true, wire });
    call.handlerStarts();
    respondWithStream(call, range(0, 1000).pipe(tap(() => made++)));
    expect(made).toBe(2);
  });

  it('takes no more of it either once nobody waits for the response, as when an interceptor ends the call', async () => {
    let made = 0;
    const { call } = opened({ responseStream: true });
    call.handlerStarts();
    call.onMessage(() => call.sent === 3 && call.answeredByWire(Code.ABORTED, 'enough'));
    respondWithStream(call, range(0, 1e6).pipe(tap(() => made++)));
    expect(made).toBe(3);
  });

  it('fails with a message that does not fit the proto, and leaves the Observable', async () => {
    const source = new Subject();
    const { thrown } = streamed(source, {
      codec: {
        serializeResponse: () => {
          throw broken;
        },
      },
    });
    source.next('a');
    await expect(thrown).rejects.toMatchObject({ code: Code.INTERNAL, cause: broken });
    expect(source.observed).toBe(false);
  });
});

async function* fromList(...messages: string[]) {
  yield* messages;
}

async function* failing() {
  yield 'a';
  throw broken;
}
