import { status as Code } from '@grpc/grpc-js';
import { EMPTY, Observable, concat, of, range, throwError, tap } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { answered } from '../../../test/answered.js';
import { deferred } from '../../testing/deferred.js';

const broken = new Error('broken');
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('a single answer', () => {
  it.each([
    ['a value', () => 'a'],
    ['the first of an Observable', () => of('a', 'b')],
    [
      'the first of an Observable that fails then',
      () =>
        concat(
          of('a'),
          throwError(() => broken),
        ),
    ],
    [
      'the first of an AsyncIterable',
      async function* () {
        yield* ['a', 'b'];
      },
    ],
  ])('is %s, and the handler is done', async (_, handler) => {
    const { call, sent, late, openCalls } = answered(handler());
    await turn();
    expect(sent).toEqual(['headers', 'a', 'status 0']);
    call.finish({ code: Code.OK, message: '', cause: 'status' });
    expect([late, openCalls.size]).toEqual([[], 0]);
  });

  it.each([
    ['undefined', () => undefined],
    ['null', () => null],
    ['an empty Observable', () => EMPTY],
    ['an empty AsyncIterable', async function* () {}],
  ])('of nothing, %s, is INTERNAL, but where the message has no field', async (_, handler) => {
    await expect(answered(handler()).thrown).rejects.toMatchObject({
      code: Code.INTERNAL,
      message: 'the handler of /test.v1.Test/Get returned no response',
    });
    const { sent } = answered(handler(), { bound: { emptyResponse: true } });
    await turn();
    expect(sent).toEqual(['headers', '[object Object]', 'status 0']);
  });

  const misfit = () => {
    throw broken;
  };
  it.each([
    ['an Observable fails', () => throwError(() => broken), {}, broken],
    [
      'an AsyncIterable does',
      async function* () {
        yield* await Promise.reject<unknown[]>(broken);
      },
      {},
      broken,
    ],
    [
      'a message does not fit the proto',
      () => of('a', 'b'),
      { serializeResponse: misfit },
      expect.objectContaining({ code: Code.INTERNAL, cause: broken }),
    ],
  ])('is the error when %s', async (_, handler, codec, error) => {
    const { thrown, sent } = answered(handler(), { codec });
    await expect(thrown).rejects.toEqual(error);
    expect(sent).toEqual([]);
  });

  it('takes no more of an Observable than it needs, also of one that never stops', () => {
    let made = 0;
    const { sent } = answered(range(0, 1e6).pipe(tap(() => made++)));
    expect([made, sent]).toEqual([1, ['headers', '0', 'status 0']]);
  });

  it('unsubscribes from an Observable when nobody waits any more, and releases the call when its sources are done', async () => {
    let left = 0;
    const source = new Observable(() => () => left++);
    const { call, cancel, openCalls } = answered(source);
    const working = deferred();
    call.produces(working.promise);
    cancel();
    await turn();
    expect([left, openCalls.size]).toEqual([1, 1]);
    working.resolve();
    await expect.poll(() => openCalls.size).toBe(0);
  });
});
