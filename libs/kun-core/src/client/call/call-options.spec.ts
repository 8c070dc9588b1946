import { Metadata, status } from '@grpc/grpc-js';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { outgoingRoutes } from '../../routing/route-scope.js';
import { RouteError } from '../../routing/route-changes.js';
import { currentCall } from '../../rpc/current-call.js';
import { StatusError } from '../../status/status-error.js';
import type { RpcCall } from '../../rpc/rpc-call.js';
import type { M } from '../../../test/serve.js';
import { CallArgumentError } from './call-argument-error.js';
import { readCallOptions, type CallOptions } from './call-options.js';
import { nestClient } from '../upstreams/nest-client.js';
import { TestPeers, type TClient, type TestServer } from '../../../test/typed-client.js';

const peers = new TestPeers();
const handled: RpcCall[] = [];
const deadlines: number[] = [];
let service: TestServer;
let t: TClient;
beforeAll(async () => {
  const note = () => {
    const call = currentCall()!;
    handled.push(call);
    deadlines.push(call.deadline);
  };
  service = await peers.serve({
    Unary: () => (note(), { text: 'ok' }),
    Watch: () => (note(), [{ n: 1 }]),
    Collect: () => (note(), { text: 'ok' }),
    Chat: () => (note(), [{ n: 1 }]),
  });
  t = peers.connect(service, { routes: outgoingRoutes });
});
afterAll(() => peers.end());

/** All four kinds, each to its end. */
const KINDS = {
  unary: (options: unknown) => t.unary({}, options as CallOptions),
  watch: (options: unknown) => all(t.watch({}, options as CallOptions)),
  collect: (options: unknown) => t.collect(none(), options as CallOptions),
  chat: (options: unknown) => all(t.chat(none(), options as CallOptions)),
};

async function* none(): AsyncGenerator<Partial<M>> {}

async function all<T>(messages: AsyncIterable<T>): Promise<T[]> {
  const seen: T[] = [];
  for await (const message of messages) seen.push(message);
  return seen;
}

const outcome = (call: Promise<unknown>) =>
  call.then(
    () => 'answered' as const,
    (error: unknown) => error,
  );

describe('what a call is told for itself', () => {
  it.each<[string, unknown, RegExp]>([
    [
      'an option that is misspelt',
      { timeoutMS: 5 },
      /timeoutMS: is not a call option; did you mean timeoutMs\?$/,
    ],
    [
      'another library’s timeout',
      { timeout: 5 },
      /timeout: is not a call option.* timeoutMs, in milliseconds\?/,
    ],
    ['another library’s name', { abortSignal: new AbortController().signal }, /did you mean signal\?/],
    ['an option of grpc-js', { host: 'a' }, /host: is not a call option.*grpc\.default_authority/],
    [
      'what nobody knows',
      { colour: 'red' },
      /the options are metadata, timeoutMs, deadline, signal, routes, retry/,
    ],
    ['a timeout as text', { timeoutMs: '200' }, /timeoutMs: expected a number.*found the string "200"/],
    ['a timeout that is no number', { timeoutMs: NaN }, /timeoutMs: expected a number.*found the number NaN/],
    ['a big timeout', { timeoutMs: 5n }, /found the bigint 5/],
    ['an invalid date', { deadline: new Date(NaN) }, /deadline: expected a Date.*found an invalid Date/],
    ['a date as text', { deadline: '2026-01-01' }, /deadline: expected a Date/],
    ['a controller', { signal: new AbortController() }, /signal: expected an AbortSignal.*pass its signal/],
    [
      'something like a signal',
      { signal: { aborted: false } },
      /signal: expected an AbortSignal, found an object/,
    ],
    ['metadata as text', { metadata: 'x-a: 1' }, /metadata: expected grpc-js Metadata/],
    ['a value that is no text', { metadata: { 'x-a': 5 } }, /metadata\.x-a: expected text, found a number/],
    ['text for bytes', { metadata: { 'x-bin': 'a' } }, /metadata\.x-bin: expected bytes/],
    ['a key that is none', { metadata: { 'x a': 'b' } }, /metadata\.x a: invalid metadata/],
    ['a value of two lines', { metadata: { 'x-a': 'secret\n' } }, /metadata\.x-a: invalid metadata/],
    ['routes as a list', { routes: ['a'] }, /routes: expected an object/],
    ['retry as a switch', { retry: true }, /retry: expected false for a single attempt/],
    ['a part of retry', { retry: { maxAttempt: 3 } }, /retry\.maxAttempt: .*did you mean maxAttempts\?/],
    ['too many attempts', { retry: { maxAttempts: 11 } }, /retry\.maxAttempts: expected .* from 1 to 10/],
    ['codes by name', { retry: { codes: ['UNAVAILABLE'] } }, /retry\.codes: expected an array of codes/],
    ['a wait that no timer knows', { retry: { maxBackoffMs: 2 ** 31 } }, /retry\.maxBackoffMs: expected/],
    ['metadata where the options go', new Metadata(), /options: found metadata; pass it as \{ metadata \}/],
    ['a callback', () => {}, /options: found a function; callbacks are not supported/],
    ['a number', 200, /options: expected an object, found the number 200/],
  ])('%s is refused before anything is sent', async (_name, options, message) => {
    handled.length = 0;
    for (const call of Object.values(KINDS)) {
      const error = await outcome((async () => call(options))());
      expect(error).toBeInstanceOf(CallArgumentError);
      expect((error as Error).message).toMatch(message);
      expect((error as Error).message).toMatch(/^\/t\.v1\.T\//);
      expect((error as Error).message).not.toContain('secret');
    }
    expect(handled).toEqual([]);
  });

  it.each<[string, CallOptions]>([
    ['the longest number', { timeoutMs: Number.MAX_SAFE_INTEGER }],
    ['no limit', { timeoutMs: Infinity }],
    ['no deadline', { deadline: Infinity }],
    ['a month', { timeoutMs: 31 * 86_400_000 }],
    ['the last of all dates', { deadline: new Date(8.64e15) }],
    ['a fraction', { timeoutMs: 2_000.5 }],
    ['nothing', {}],
    ['options that are not given', { timeoutMs: undefined, signal: undefined, retry: undefined }],
  ])('%s is time enough', async (_name, options) => {
    for (const call of Object.values(KINDS)) expect(await outcome(call(options))).toBe('answered');
  });

  it.each<[string, CallOptions, status]>([
    ['no time', { timeoutMs: 0 }, status.DEADLINE_EXCEEDED],
    ['less than none', { timeoutMs: -5 }, status.DEADLINE_EXCEEDED],
    ['a date that has passed', { deadline: new Date(0) }, status.DEADLINE_EXCEEDED],
    ['a duration for a deadline', { deadline: 5_000 }, status.DEADLINE_EXCEEDED],
    ['the earlier of the two', { timeoutMs: 60_000, deadline: 1 }, status.DEADLINE_EXCEEDED],
    ['a signal that has aborted', { signal: AbortSignal.abort() }, status.CANCELLED],
    ['a signal whose time was up', { signal: AbortSignal.abort(new DOMException('', 'TimeoutError')) }, 4],
  ])('with %s the call ends here, and nothing is sent', async (_name, options, code) => {
    handled.length = 0;
    for (const call of Object.values(KINDS)) expect(await outcome(call(options))).toMatchObject({ code });
    expect(handled).toEqual([]);
  });

  it('its deadline reaches the upstream, and is the one that counts in place of the configured timeout', async () => {
    const impatient = peers.connect(service, { timeoutMs: 1 });
    deadlines.length = 0;
    const deadline = new Date(Date.now() + 60_000);
    await impatient.unary({}, { deadline });
    expect(Math.abs(deadlines[0]! - deadline.getTime())).toBeLessThan(5_000);
  });
});

describe('metadata of a call', () => {
  class OtherCopy {
    getMap = () => ({ 'x-a': '1', 'k-bin': Buffer.of(7) });
    get = (key: string) => (key === 'x-a' ? ['1', '2'] : [Buffer.of(7)]);
    getOptions = () => ({ waitForReady: true });
  }
  const own = new Metadata();
  own.add('x-a', '1');
  own.add('x-a', '2');
  own.add('k-bin', Buffer.of(7));

  it.each<[string, unknown]>([
    ["grpc-js' own", own],
    ['of another copy of grpc-js', new OtherCopy()],
    ['a plain object', { 'x-a': ['1', '2'], 'k-bin': new Uint8Array([7]), 'x-none': undefined }],
    [
      'a Map',
      new Map<string, unknown>([
        ['x-a', ['1', '2']],
        ['k-bin', Buffer.of(7)],
      ]),
    ],
  ])('is %s', async (_name, metadata) => {
    handled.length = 0;
    await KINDS.unary({ metadata });
    const seen = handled[0]!.metadata;
    expect(seen.get('x-a').flatMap((value) => String(value).split(', '))).toEqual(['1', '2']);
    expect(seen.get('k-bin')).toEqual([Buffer.of(7)]);
    expect(seen.get('x-none')).toEqual([]);
  });

  it('is a copy: what becomes of the original later is not sent', () => {
    const { metadata } = readCallOptions('/t.v1.T/Unary', { metadata: own });
    own.set('x-late', 'yes');
    expect(metadata.get('x-late')).toEqual([]);
    own.remove('x-late');
  });
});

describe('a call, whatever it is told,', () => {
  const hostile = fc.oneof(
    fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true }),
    fc.constantFrom<unknown>(
      Symbol('s'),
      () => 1,
      new Proxy(
        {},
        {
          ownKeys: () => {
            throw new Error('no');
          },
        },
      ),
      new Proxy(
        {},
        {
          get: () => {
            throw new Error('no');
          },
        },
      ),
      Object.defineProperty({}, 'timeoutMs', {
        enumerable: true,
        get: () => {
          throw new Error('no');
        },
      }),
      Object.create(null),
      Number.MAX_SAFE_INTEGER,
      Number.MAX_VALUE,
      -Infinity,
      -0,
      new Date(NaN),
      AbortSignal.abort(Symbol('why')),
    ),
    fc.double(),
    fc.date({ noInvalidDate: false }),
  );
  const options = fc.oneof(
    hostile,
    fc.record(
      {
        metadata: fc.oneof(hostile, fc.dictionary(fc.stringMatching(/^x-[a-z]{1,5}$/), hostile)),
        timeoutMs: hostile,
        deadline: hostile,
        signal: hostile,
        routes: fc.oneof(hostile, fc.dictionary(fc.string(), hostile)),
        retry: fc.oneof(
          hostile,
          fc.dictionary(fc.constantFrom('maxAttempts', 'codes', 'maxBackoffMs'), hostile),
        ),
      },
      { requiredKeys: [] },
    ),
    ...(['metadata', 'timeoutMs', 'deadline', 'signal', 'routes', 'retry'] as const).map((name) =>
      hostile.map((value) => ({ [name]: value })),
    ),
  );

  it('answers or fails with an error of a known type, in every kind, and leaves no call open', async () => {
    const typed = (error: unknown) =>
      error === 'answered' ||
      error instanceof CallArgumentError ||
      error instanceof RouteError ||
      error instanceof StatusError;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...Object.values(KINDS)), options, async (call, given) => {
        const error = await outcome((async () => call(given))());
        if (!typed(error)) throw new Error('an error of no known type', { cause: error });
      }),
      { numRuns: 600 },
    );
    await expect.poll(() => service.server.openCalls.size).toBe(0);
  });

  it("does in Nest's form, too", async () => {
    const nest = nestClient('t', 't.v1.T', t as never).getService<{
      unary(
        request: Partial<M>,
        metadata?: unknown,
        options?: unknown,
      ): { subscribe(observer: object): void };
    }>('T');
    await fc.assert(
      fc.asyncProperty(options, async (given) => {
        const error = await outcome(
          new Promise((resolve, reject) =>
            nest.unary({}, undefined, given).subscribe({ next: resolve, error: reject }),
          ),
        );
        const known = [CallArgumentError, RouteError, StatusError].some((type) => error instanceof type);
        if (error !== 'answered' && !known) throw new Error('an error of no known type', { cause: error });
      }),
      { numRuns: 200 },
    );
    const late = await outcome(
      new Promise((resolve, reject) =>
        nest.unary({}, undefined, { deadline: new Date(0) }).subscribe({ next: resolve, error: reject }),
      ),
    );
    expect(late).toMatchObject({ code: status.DEADLINE_EXCEEDED });
  });
});
