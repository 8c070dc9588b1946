import { status } from '@grpc/grpc-js';
import { currentCall, findDetail, resourceExhausted, retryInfo, unavailable } from '@kun/core';
import { describe, expect, it } from 'vitest';
import { METHODS, type KindsHandlers } from '../kinds-controller.js';
import { sumOf } from '../metrics-text.js';
import { callKind, KINDS_METHODS, startLinked, type LinkedService } from './linked-service.js';

/** Five attempts, with waits that a test can wait for. */
const RETRY = { MaxAttempts: 5, InitialBackoff: 0.001, MaxBackoff: 0.002 };

/** Numbers from 0 up to 1, the same ones in every run (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Figures {
  readonly calls: number;
  readonly callsOk: number;
  readonly attempts: number;
  readonly attemptsOk: number;
}

/** What the caller's metrics say. */
async function figures(service: LinkedService): Promise<Figures> {
  const text = await service.metrics();
  return {
    calls: sumOf(text, 'kun_client_calls_total', { upstream: 'next' }),
    callsOk: sumOf(text, 'kun_client_calls_total', { upstream: 'next', grpc_code: 'OK' }),
    attempts: sumOf(text, 'grpc_client_started_total'),
    attemptsOk: sumOf(text, 'grpc_client_handled_total', { grpc_code: 'OK' }),
  };
}

async function manyCalls(service: LinkedService, count: number): Promise<number> {
  let succeeded = 0;
  for (let made = 0; made < count; made += 20) {
    const wave = Array.from({ length: 20 }, () =>
      service.next.unary({ text: 'a' }).then(
        () => succeeded++,
        () => 0,
      ),
    );
    await Promise.all(wave);
  }
  return succeeded;
}

/** A backend that fails as it is told, and counts. */
function backend(fails: () => boolean) {
  const count = { calls: 0, ok: 0 };
  const unary: KindsHandlers['unary'] = ({ text }) => {
    count.calls++;
    if (fails()) throw unavailable('down');
    count.ok++;
    return { text };
  };
  return { count, handlers: { unary } };
}

describe('with five attempts', () => {
  it('a backend that fails every call gets at most 1.1 times the calls', async () => {
    const { count, handlers } = backend(() => true);
    await using last = await startLinked({ handlers });
    await using first = await startLinked({ next: last.grpcAddress, upstream: { Retry: RETRY } });
    // The budget is full at first: 100 repetitions, once.
    expect(await manyCalls(first, 40)).toBe(0);
    const start = await figures(first);
    expect(start.attempts).toBeGreaterThan(start.calls);
    const countedAtStart = count.calls;

    expect(await manyCalls(first, 1000)).toBe(0);
    const end = await figures(first);
    expect(end.calls - start.calls).toBe(1000);
    expect((end.attempts - start.attempts) / 1000).toBeLessThanOrEqual(1.1);
    expect(end.attempts - start.attempts).toBe(count.calls - countedAtStart);
    // And over the whole of it: no more than the budget on top.
    expect(end.attempts).toBe(count.calls);
    expect(end.attempts - end.calls).toBeLessThanOrEqual(100);
  });

  it('a backend that fails 30 % at random answers over 99 % of the calls', async () => {
    const random = randomFrom(20_260_101);
    const { count, handlers } = backend(() => random() < 0.3);
    await using last = await startLinked({ handlers });
    await using first = await startLinked({ next: last.grpcAddress, upstream: { Retry: RETRY } });

    const succeeded = await manyCalls(first, 2000);
    expect(succeeded / 2000).toBeGreaterThan(0.99);
    expect(await figures(first)).toEqual({
      calls: 2000,
      callsOk: succeeded,
      attempts: count.calls,
      attemptsOk: count.ok,
    });
    expect(count.ok).toBe(succeeded);
    // 1 / (1 - 0.3), since every failure is repeated until it succeeds or five were made.
    expect(count.calls / 2000).toBeGreaterThan(1.3);
    expect(count.calls / 2000).toBeLessThan(1.5);
  });

  it('a backend that is well again gets its repetitions back as its answers earn them', async () => {
    let down = true;
    let failNext = false;
    const { count, handlers } = backend(() => down || (failNext = !failNext));
    await using last = await startLinked({ handlers });
    await using first = await startLinked({ next: last.grpcAddress, upstream: { Retry: RETRY } });
    await manyCalls(first, 200);
    down = false;
    // Half of the attempts fail, and there is nothing left to repeat them with: two successes earn one.
    await manyCalls(first, 200);
    const before = await figures(first);
    expect(await manyCalls(first, 200)).toBeGreaterThan(100);
    const after = await figures(first);
    expect(after.attempts - before.attempts).toBeGreaterThan(200);
    expect(after.attempts).toBe(count.calls);
  });
});

describe('what this side made up', () => {
  it.each<[string, Record<string, unknown>, { text: string }]>([
    ['a request too large to send', { MaxMsgSize: 1000 }, { text: 'x'.repeat(2000) }],
    ['an answer too large to take', { MaxMsgSize: 1000 }, { text: 'large' }],
  ])('%s is not repeated', async (_name, settings, request) => {
    await using last = await startLinked({
      handlers: { unary: ({ text }) => ({ text: text === 'large' ? 'x'.repeat(2000) : text }) },
    });
    const Retry = { ...RETRY, Policy: 'kunapp', Codes: ['RESOURCE_EXHAUSTED', 'INTERNAL'] };
    await using first = await startLinked({ next: last.grpcAddress, upstream: { Retry, ...settings } });
    const { error } = await callKind(first.next, 'unary', {}, [request]);
    expect(error).toMatchObject({ code: status.RESOURCE_EXHAUSTED });
    expect((await figures(first)).attempts).toBe(1);
  });
});

describe('an attempt', () => {
  const failTwice = () => {
    let failures = 2;
    const seen: number[] = [];
    const answer = (text: string) => {
      seen.push(Date.now());
      if (failures-- > 0) throw unavailable('not yet');
      return { text };
    };
    const handlers: KindsHandlers = {
      unary: ({ text }) => answer(text),
      async *watch({ text }) {
        yield answer(text);
      },
      async collect(requests) {
        for await (const { text } of requests) return answer(text);
        return {};
      },
      async *chat(requests) {
        for await (const { text } of requests) yield answer(text);
      },
    };
    return { seen, handlers };
  };

  it.each(KINDS_METHODS)(
    '%s is repeated before its first answer, unless its request is a stream',
    async (kind) => {
      const { seen, handlers } = failTwice();
      await using last = await startLinked({ handlers });
      await using first = await startLinked({ next: last.grpcAddress, upstream: { Retry: RETRY } });
      const { answers, error } = await callKind(first.next, kind);
      const repeated = kind === 'unary' || kind === 'watch';
      expect(seen).toHaveLength(repeated ? 3 : 1);
      expect(answers).toMatchObject(repeated ? [{ text: 'a' }] : []);
      expect((error as { code?: number } | undefined)?.code).toBe(repeated ? undefined : status.UNAVAILABLE);

      const method = METHODS.at(KINDS_METHODS.indexOf(kind))!;
      const text = await first.metrics();
      expect(sumOf(text, 'grpc_client_started_total', { grpc_method: method })).toBe(seen.length);
      expect(sumOf(text, 'kun_client_calls_total', { grpc_method: method })).toBe(1);
      const lines = first.logs.where(
        (line) => line.msg === 'finished call' && line['grpc.component'] === 'client',
      );
      // Those that failed are warnings; the one that succeeded is not written at this level.
      expect(lines.map((line) => line['grpc.attempt'] ?? 1)).toEqual(repeated ? [1, 2] : [1]);
    },
  );

  it('tells the server how many came before', async () => {
    const previous: unknown[] = [];
    await using last = await startLinked({
      handlers: {
        unary: ({ text }) => {
          previous.push(currentCall()!.metadata.get('grpc-previous-rpc-attempts')[0]);
          if (previous.length < 3) throw unavailable('not yet');
          return { text };
        },
      },
    });
    await using first = await startLinked({ next: last.grpcAddress, upstream: { Retry: RETRY } });
    await first.next.unary({ text: 'a' });
    expect(previous).toEqual([undefined, '1', '2']);
  });

  it('waits as long as the server asks', async () => {
    const at: number[] = [];
    await using last = await startLinked({
      handlers: {
        unary: ({ text }) => {
          if (at.push(performance.now()) === 1) {
            throw unavailable('busy', { details: [retryInfo({ retryDelayMs: 150 })] });
          }
          return { text };
        },
      },
    });
    await using first = await startLinked({ next: last.grpcAddress, upstream: { Retry: RETRY } });
    await first.next.unary({ text: 'a' });
    expect(at.at(1)! - at.at(0)!).toBeGreaterThanOrEqual(149);
  });

  it('is left out where the call says so, or its code is not worth one', async () => {
    let calls = 0;
    await using last = await startLinked({
      handlers: {
        unary: ({ text }) => {
          calls++;
          throw text === 'quota'
            ? resourceExhausted('used up', { details: [retryInfo({ retryDelayMs: 5 })] })
            : unavailable('down');
        },
      },
    });
    await using first = await startLinked({ next: last.grpcAddress, upstream: { Retry: RETRY } });
    const single = await callKind(first.next, 'unary', { retry: false });
    expect(single.error).toMatchObject({ code: status.UNAVAILABLE });
    expect(calls).toBe(1);
    const quota = await callKind(first.next, 'unary', {}, [{ text: 'quota' }]);
    expect(quota.error).toMatchObject({ code: status.RESOURCE_EXHAUSTED });
    expect(findDetail(quota.error, 'google.rpc.RetryInfo')).toMatchObject({ retryDelayMs: 5 });
    expect(calls).toBe(2);
  });

  it('leaves the retry to the mesh where it is the mesh that owns it, on unary calls only', async () => {
    const seen: Array<Record<string, unknown>> = [];
    const note = () => {
      const { 'x-envoy-max-retries': retries, 'x-envoy-retry-grpc-on': on } =
        currentCall()!.metadata.getMap();
      seen.push({ retries, on });
    };
    await using last = await startLinked({
      handlers: {
        unary: () => {
          note();
          throw unavailable('down');
        },
        async *watch() {
          note();
          yield {};
          throw unavailable('down');
        },
      },
    });
    await using first = await startLinked({
      next: last.grpcAddress,
      upstream: { Retry: { ...RETRY, By: 'mesh' } },
    });
    await callKind(first.next, 'unary');
    await callKind(first.next, 'watch');
    expect(seen).toEqual([
      { retries: '4', on: 'unavailable' },
      { retries: '0', on: undefined },
    ]);
  });
});
