import { status as Code } from '@grpc/grpc-js';
import { EMPTY, Observable, catchError, concatMap, delay, map, of, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { opened, type OpenedOptions } from '../../../test/opened-call.js';
import { deferred } from '../../testing/deferred.js';
import { DirectAnswer, PulledAnswer } from './pulled-answer.js';
import { forPipeline, respondWithStream } from './respond.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));
const broken = new Error('broken');
const KIB = 'x'.repeat(1024);

/** A running call, and a generator of which it is told how far it came. */
function generating(options: OpenedOptions = {}) {
  const all = opened({ responseStream: true, ...options });
  all.call.handlerStarts();
  const thrown = all.call.settled();
  thrown.catch(() => undefined);
  const progress = { made: 0, cleaned: 0 };
  async function* messages() {
    try {
      for (; progress.made < 1000; progress.made++) yield KIB;
    } finally {
      progress.cleaned++;
    }
  }
  return { ...all, thrown, progress, messages: messages() };
}

/** What Nest makes of a handler's answer: an operator that asks the filters. */
const filtered = (
  answer: unknown,
  filter: (error: unknown) => Observable<unknown> = (error) => throwError(() => error),
) => (answer as Observable<unknown>).pipe(catchError(filter));

describe('an answer on its way through the pipeline', () => {
  it.each([
    ['a message', { responseStream: true }, { a: 1 }, undefined],
    ['null', { responseStream: true }, null, undefined],
    ['text, though it can be iterated', { responseStream: true }, 'ab', undefined],
    ['an Observable', { responseStream: true }, of(1), undefined],
    ['a list where one message is answered', { responseStream: false }, [1], undefined],
    ['a list', { responseStream: true }, [1], DirectAnswer],
    ['a generator', { responseStream: true }, generating().messages, DirectAnswer],
    ['a generator for one message', { responseStream: false }, generating().messages, PulledAnswer],
    ['a generator that reads a stream', { responseStream: true, requestStream: true }, [1], PulledAnswer],
  ])('keeps its form as %s, or becomes an Observable', (_, kind, result, form) => {
    const { call } = opened(kind);
    const through = forPipeline(result, call, false);
    if (form) expect((through as object).constructor).toBe(form);
    else expect(through).toBe(result);
    // Where interceptors look at its messages, nothing goes past them.
    if (form) expect((forPipeline(result, call, true) as object).constructor).toBe(PulledAnswer);
  });

  it.each([
    ['past it', false],
    ['through interceptors', true],
  ])('is pulled no faster than its caller reads, %s', async (_, intercepted) => {
    const { call, messages, progress, taken, openCalls } = generating();
    const answer = filtered(forPipeline(messages, call, intercepted));
    respondWithStream(call, intercepted ? answer.pipe(map((message) => message)) : answer);
    await turn();
    expect(progress.made).toBe(63);
    for (const take of taken.splice(0)) take();
    await turn();
    expect(progress.made).toBe(127);
    call.finish({ code: Code.CANCELLED, message: '', cause: 'reset' });
    await expect.poll(() => openCalls.size).toBe(0);
    expect(progress).toEqual({ made: 127, cleaned: 1 });
  });

  it('is made no further when an interceptor has seen enough of it, and cleans up before the call is over', async () => {
    const { call, sent, openCalls } = generating();
    const cleaning = deferred();
    async function* slow() {
      try {
        yield* ['a', 'b', 'c'];
      } finally {
        await cleaning.promise;
      }
    }
    const answer = forPipeline(slow(), call, true) as Observable<unknown>;
    respondWithStream(
      call,
      new Observable((subscriber) => {
        const inner = answer.subscribe((message) => {
          subscriber.next(message);
          if (message === 'b') subscriber.complete();
        });
        return () => inner.unsubscribe();
      }),
    );
    await turn();
    expect(sent).toEqual(['headers', 'a', 'b', 'status 0']);
    call.finish({ code: Code.OK, message: '', cause: 'status' });
    await turn();
    expect(openCalls.size).toBe(1);
    cleaning.resolve();
    await expect.poll(() => openCalls.size).toBe(0);
  });

  it.each([
    ['fail the call', (error: unknown) => throwError(() => error), broken, []],
    ['answer in its place', () => of('sorry'), undefined, ['sorry', 'status 0']],
    ['say no more', () => EMPTY, undefined, ['status 0']],
  ])('has its error asked of the filters, which may %s', async (_, filter, error, last) => {
    for (const intercepted of [false, true]) {
      const { call, sent, thrown } = generating();
      async function* failing() {
        yield 'a';
        throw broken;
      }
      respondWithStream(call, filtered(forPipeline(failing(), call, intercepted), filter));
      if (error) await expect(thrown).rejects.toBe(error);
      await expect.poll(() => sent).toEqual(['headers', 'a', ...last]);
    }
  });

  it('consults no filter for a message that does not fit its proto, or for an error that nobody would see', async () => {
    const asked: unknown[] = [];
    const filter = (error: unknown) => (asked.push(error), EMPTY);
    const misfit = generating({
      codec: {
        serializeResponse: () => {
          throw broken;
        },
      },
    });
    respondWithStream(misfit.call, filtered(forPipeline(misfit.messages, misfit.call, false), filter));
    await expect(misfit.thrown).rejects.toMatchObject({ code: Code.INTERNAL, cause: broken });
    await expect.poll(() => misfit.progress.cleaned).toBe(1);

    const left = generating();
    const gate = deferred<string>();
    async function* waiting() {
      yield await gate.promise;
    }
    respondWithStream(left.call, filtered(forPipeline(waiting(), left.call, false), filter));
    left.call.finish({ code: Code.CANCELLED, message: '', cause: 'reset' });
    gate.reject(broken);
    await expect.poll(() => left.openCalls.size).toBe(0);
    expect([asked, misfit.late, left.late]).toEqual([[], [], []]);
  });

  it('keeps the order behind operators that take their time', async () => {
    const { call, sent } = generating();
    const answer = forPipeline(['a', 'b', 'c'], call, true) as Observable<string>;
    respondWithStream(
      call,
      answer.pipe(concatMap((message) => of(message).pipe(delay(message === 'a' ? 2 : 0)))),
    );
    await expect.poll(() => sent).toEqual(['headers', 'a', 'b', 'c', 'status 0']);
  });
});
