import { getEventListeners } from 'node:events';
import { Readable } from 'node:stream';
import { Metadata, status as Code } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { OK, prepared, type Asked } from '../../../test/prepared.js';
import { retryOverride } from '../../retry/retry-override.js';
import { RouteError } from '../../routing/route-changes.js';
import {
  PREVIOUS_ATTEMPTS_HEADER,
  PUSHBACK_HEADER,
  retriedBeyond,
  retriesSpent,
} from '../../rpc/attempts.js';
import { runInCall } from '../../rpc/current-call.js';
import type { CallHandler } from '../../rpc/interceptor.js';
import { StatusError } from '../../status/status-error.js';
import { deferred } from '../../testing/deferred.js';
import { FakeCall } from '../../testing/fake-call.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { CallArgumentError } from './call-argument-error.js';
import type { ClientCall } from './client-call.js';
import { detach } from './detach.js';

const failing =
  (error: StatusError): CallHandler =>
  async () => ({ ...OK, code: error.code, message: error.message, error });
const incoming = (over: Partial<ConstructorParameters<typeof FakeCall>[0]> = {}) =>
  new FakeCall({ requestId: 'r-7', ...over });

describe('the time of a prepared call', () => {
  const now = new FakeClock().now();
  it.each<[string, Asked, number]>([
    ["is the method's, for one message", {}, now + 1000],
    ['is not limited for a stream of responses', { streams: { responseStream: true } }, Infinity],
    ['is not limited for a stream of requests', { streams: { requestStream: true }, request: [] }, Infinity],
    ['is its own timeout', { options: { timeoutMs: 5000 } }, now + 5000],
    ['is its own deadline', { options: { deadline: now + 7000 } }, now + 7000],
    ['is what its incoming call leaves', { within: incoming({ deadline: now + 500 }) }, now + 480],
  ])('%s', async (_, asked, deadline) => {
    expect((await prepared(asked).seen()).call.deadline).toBe(deadline);
  });

  it('is its own alone when it is detached', async () => {
    const within = incoming({ deadline: now + 500 });
    const { call } = await runInCall(within, () => detach(() => prepared())).seen();
    expect([call.deadline, call.requestId]).toEqual([now + 1000, 'r-7']);
  });

  it('runs from when it was prepared', async () => {
    const { clock, seen } = prepared();
    await clock.advance(400);
    expect((await seen()).call.deadline).toBe(now + 1000);
  });
});

describe('a prepared call', () => {
  it('knows whom it is for and where it goes', async () => {
    const { call } = await prepared({ within: incoming() }).seen();
    expect([call.requestId, call.peer, call.side, call.attempt]).toEqual(['r-7', 'cache:80', 'client', 1]);
    expect((await prepared().seen()).call.requestId).toBe('');
  });

  it.each([
    ['an error', new Error('secret'), Code.INTERNAL, 'the call of /t.v1.T/M failed before it was made'],
    ['a status', new StatusError(Code.ABORTED, 'not now'), Code.ABORTED, 'not now'],
  ])(
    'ends with %s that its chain throws, at once or later, and shows nothing else',
    async (_, thrown, code, message) => {
      const throwing: CallHandler = () => {
        throw thrown;
      };
      for (const chain of [throwing, () => Promise.reject(thrown)]) {
        const { ending, call } = await prepared().seen(chain);
        expect(ending).toMatchObject({ code, message, cause: 'reset', error: { code, message } });
        expect(call.ending).toBe(ending);
      }
    },
  );

  it('tells its observers the end that the chain has, once', async () => {
    const ends: unknown[] = [];
    const { ending } = await prepared().seen(async (call) => {
      call.onEnd((end) => ends.push(end.code));
      return { ...OK, code: Code.NOT_FOUND, message: 'no' };
    });
    expect([ends, ending.code]).toEqual([[Code.NOT_FOUND], Code.NOT_FOUND]);
  });

  it.each<[string, () => { asked: Asked; abort: (reason: unknown) => void }]>([
    [
      'signal',
      () => {
        const own = new AbortController();
        return { asked: { options: { signal: own.signal } }, abort: (reason) => own.abort(reason) };
      },
    ],
    [
      'incoming call',
      () => {
        const within = incoming();
        return { asked: { within }, abort: () => within.finish({ cause: 'reset', code: Code.CANCELLED }) };
      },
    ],
  ])('aborts with its %s, before and while it is made, and listens no longer than that', async (_, given) => {
    for (const when of ['before', 'while']) {
      const { asked, abort } = given();
      const source = asked.options?.signal ?? asked.within?.signal;
      const { seen } = prepared(asked);
      expect(getEventListeners(source as AbortSignal, 'abort')).toHaveLength(0);
      if (when === 'before') abort('why');
      const aborted: unknown[] = [];
      const { call } = await seen(async (made) => {
        aborted.push(made.signal.aborted);
        if (when === 'while') abort('why');
        aborted.push(made.signal.aborted, made.signal.reason === (source as AbortSignal).reason);
        return OK;
      });
      expect(aborted).toEqual([when === 'before', true, true]);
      expect(call.signal.aborted).toBe(true);
    }
    const { asked } = given();
    const source = (asked.options?.signal ?? asked.within?.signal) as AbortSignal;
    let listening;
    await prepared(asked).seen(async () => ((listening = getEventListeners(source, 'abort').length), OK));
    expect([listening, getEventListeners(source, 'abort').length]).toEqual([1, 0]);
  });

  it('is refused for routes that cannot be sent, or read, before anything is sent', () => {
    const refusing = (error: unknown) => () => {
      throw error;
    };
    const wrong = new RouteError('x y', 'has a space');
    expect(() => prepared({ routes: refusing(wrong) })).toThrow(wrong);
    expect(() => prepared({ routes: refusing(new Error('a getter')) })).toThrow(CallArgumentError);
    expect(() => prepared({ request: 'text' })).toThrow(CallArgumentError);
  });

  it.each([
    ['as it was asked', { retry: false } as const, incoming(), false],
    ['not at all for a call that is repeated already', {}, repeated(), false],
    ['as it was asked all the same', { retry: { maxAttempts: 2 } }, repeated(), { maxAttempts: 2 }],
    ['as it is configured', {}, incoming(), undefined],
  ])('is tried again %s', async (_, options, within, expected) => {
    expect((await prepared({ options, within }).seen()).call.get(retryOverride)).toEqual(expected);
  });

  it.each<[string, CallHandler, boolean]>([
    [
      'was tried enough',
      async (call) => (call.set(retriesSpent, true), { ...OK, code: Code.UNAVAILABLE }),
      true,
    ],
    ['was told to stop', failing(new StatusError(Code.UNAVAILABLE, 'x', { metadata: pushback('-1') })), true],
    ['failed once', failing(new StatusError(Code.UNAVAILABLE, 'x')), false],
    ['was tried enough and went well', async (call) => (call.set(retriesSpent, true), OK), false],
  ])('that %s says so to the incoming call, or not', async (_, chain, told) => {
    const within = incoming();
    await prepared({ within }).seen(chain);
    expect(within.get(retriedBeyond)).toBe(told);
    await prepared().seen(chain);
  });

  it('lets go of its requests when it is over, and when it is left before it begins', async () => {
    const streams = { requestStream: true, responseStream: true };
    const [made, left, begun] = [Readable.from(['a']), Readable.from(['b']), Readable.from(['c'])];
    await prepared({ streams, request: made }).seen();
    prepared({ streams, request: left }).call.abandon(false);
    const running = prepared({ streams, request: begun });
    const gate = deferred();
    const ended = running.seen(async (call) => {
      await gate.promise;
      return { ...OK, error: call.signal.reason as StatusError };
    });
    running.call.abandon(true);
    await expect.poll(() => [made.destroyed, left.destroyed, begun.destroyed]).toEqual([true, true, false]);
    gate.resolve();
    expect((await ended).ending.error).toMatchObject({ code: Code.CANCELLED });
    await expect.poll(() => begun.destroyed).toBe(true);
  });

  it('passes demand on to the reader, if there is one', async () => {
    let wanted = 0;
    const { call, seen } = prepared();
    call.wantMore();
    await seen(async (made) => {
      (made as ClientCall).exchange.onDemand = () => wanted++;
      call.wantMore();
      return OK;
    });
    expect(wanted).toBe(1);
  });
});

function repeated(): FakeCall {
  return incoming({ metadata: { [PREVIOUS_ATTEMPTS_HEADER]: '1' } });
}
function pushback(value: string): Metadata {
  const metadata = new Metadata();
  metadata.set(PUSHBACK_HEADER, value);
  return metadata;
}
