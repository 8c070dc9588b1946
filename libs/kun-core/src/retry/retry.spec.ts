import { Metadata, status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { attemptDeadline, attemptTimeoutMs } from '../rpc/attempts.js';
import type { Ending, RpcCall } from '../rpc/rpc-call.js';
import { describeMethod, type RpcMethod } from '../rpc/rpc-method.js';
import { RETRY_POLICIES, type RetryPolicy } from '../settings/keys/retry-policy.js';
import type { StatusDetail } from '../status/details/detail-types.js';
import { retryInfo } from '../status/details/details.js';
import { StatusError } from '../status/status-error.js';
import { FakeCall, type FakeCallOptions } from '../testing/fake-call.js';
import { FakeClock } from '../testing/fake-clock.js';
import { RetryBudget } from './retry-budget.js';
import { retryOverride } from './retry-override.js';
import { retryInterceptor, type RetryOptions } from './retry.js';

const method = (requestStream: boolean, responseStream: boolean, idempotency_level?: string) =>
  describeMethod('/test.v1.TestService/Get', {
    requestStream,
    responseStream,
    options: { idempotency_level },
  });
const IDEMPOTENT = method(false, false, 'IDEMPOTENT');

interface Failure {
  code: status;
  pushback?: string | string[];
  details?: StatusDetail[];
  cause?: Ending['cause'];
}

function failure({ code, pushback = [], details = [], cause = 'status' }: Failure): Partial<Ending> {
  const metadata = new Metadata();
  for (const value of [pushback].flat()) metadata.add('grpc-retry-pushback-ms', value);
  const error = new StatusError(code, `failed with ${status[code]}`, { metadata, details });
  return { code, message: error.message, error, cause };
}

/** An upstream that answers each attempt with the next of `answers`, then OK. */
function setUp(
  answers: Array<Failure | status>,
  options: Partial<Omit<RetryOptions, 'policy'>> & { policy?: Partial<RetryPolicy>; call?: FakeCallOptions },
) {
  const clock = new FakeClock();
  const call = new FakeCall({ side: 'client', ...options.call });
  const seen: Array<{ atMs: number; previous: unknown; timeoutMs: number | undefined }> = [];
  const log: string[] = [];
  const startMs = clock.now();
  const handler = retryInterceptor({
    budget: new RetryBudget(),
    clock,
    random: () => 0.5,
    onRetry: (_, failed, delayMs) => log.push(`retry ${failed.attempt} ${delayMs}`),
    onStop: (_, reason) => log.push(reason),
    ...options,
    policy: { ...RETRY_POLICIES.safe, ...options.policy },
  })(async (attempt: RpcCall) => {
    seen.push({
      atMs: clock.now() - startMs,
      previous: attempt.metadata.get('grpc-previous-rpc-attempts')[0],
      timeoutMs: attempt.get(attemptTimeoutMs),
    });
    const answer = answers.shift() ?? status.OK;
    const fake = attempt as FakeCall;
    fake.finish(typeof answer === 'object' ? failure(answer) : answer ? failure({ code: answer }) : {});
    return fake.ended;
  });
  return { clock, call, seen, log, run: () => handler(call) };
}

/** Runs the call with time passing whenever it waits. */
async function finish({ run, clock }: ReturnType<typeof setUp>): Promise<Ending> {
  let ending: Ending | undefined;
  const running = run().then((result) => (ending = result));
  while (!ending) {
    await new Promise((resolve) => setImmediate(resolve));
    if (clock.scheduled > 0) await clock.advance(25);
  }
  return running;
}

describe('retryInterceptor', () => {
  it('tries an UNAVAILABLE again, later each time, and says which attempt it is', async () => {
    const test = setUp([status.UNAVAILABLE, status.UNAVAILABLE], {});
    expect((await finish(test)).code).toBe(status.OK);
    expect(test.seen).toMatchObject([
      { atMs: 0, previous: undefined },
      { atMs: 50, previous: '1' },
      { atMs: 150, previous: '2' },
    ]);
    expect(test.log).toEqual(['retry 1 50', 'retry 2 100']);
    expect(test.call.metadata.get('grpc-previous-rpc-attempts')).toEqual([]);
  });

  it('counts the first attempt in maxAttempts and hands over the last error as it is', async () => {
    const answers = [status.UNAVAILABLE, status.UNAVAILABLE, { code: status.UNAVAILABLE, pushback: '7' }];
    const test = setUp(answers, {});
    const ending = await finish(test);
    expect(ending).toBe(test.call.attempts[2]?.ending);
    expect(test.seen).toHaveLength(3);
    expect(test.log.at(-1)).toBe('attempts');
  });

  it('leaves other codes alone', async () => {
    for (const code of [status.INTERNAL, status.DEADLINE_EXCEEDED, status.ABORTED, status.UNKNOWN]) {
      const test = setUp([code], {});
      expect((await finish(test)).code).toBe(code);
      expect(test.seen).toHaveLength(1);
    }
  });

  it("has kunapp's policy", async () => {
    const { kunapp } = RETRY_POLICIES;
    for (const code of kunapp.codes) {
      const test = setUp([code, code], { policy: kunapp });
      expect((await finish(test)).code).toBe(status.OK);
      expect(test.seen.map(({ atMs }) => atMs)).toEqual([0, 25, 75]);
    }
  });

  it('tries idempotent methods again after more', async () => {
    const repeated = async (answer: Failure | status, policy: Partial<RetryPolicy> = {}) => {
      const test = setUp([answer], { policy, call: { method: IDEMPOTENT } });
      await finish(test);
      return test.seen.length === 2;
    };
    expect(await repeated(status.UNAVAILABLE)).toBe(true);
    expect(await repeated(status.DEADLINE_EXCEEDED)).toBe(true);
    expect(await repeated({ code: status.INTERNAL, cause: 'connection' })).toBe(true);
    expect(
      await repeated({ code: status.RESOURCE_EXHAUSTED, details: [retryInfo({ retryDelayMs: 10 })] }),
    ).toBe(true);
    expect(await repeated(status.RESOURCE_EXHAUSTED)).toBe(false);
    expect(await repeated(status.ABORTED)).toBe(false);
    expect(await repeated(status.INTERNAL)).toBe(false);
    expect(await repeated(status.DEADLINE_EXCEEDED, { widenIdempotent: false })).toBe(false);
  });

  it('repeats a server stream until its first message, and never a request stream', async () => {
    const stream = { call: { method: method(false, true) } };
    expect((await finish(setUp([status.UNAVAILABLE], stream))).code).toBe(status.OK);

    const begun = setUp([status.UNAVAILABLE], stream);
    begun.call.committed = true;
    expect((await finish(begun)).code).toBe(status.UNAVAILABLE);
    expect(begun.log).toEqual(['committed']);

    for (const kind of [method(true, false), method(true, true)]) {
      const test = setUp([status.UNAVAILABLE], { call: { method: kind } });
      expect((await finish(test)).code).toBe(status.UNAVAILABLE);
      expect(test.call.attempts).toEqual([]);
    }
  });

  it('does what the server says of another attempt', async () => {
    const wait = async (answer: Omit<Failure, 'code'>) => {
      const test = setUp([{ code: status.UNAVAILABLE, ...answer }], {});
      await finish(test);
      return test.seen[1]?.atMs ?? test.log;
    };
    expect(await wait({ pushback: '0' })).toBe(0);
    expect(await wait({ pushback: '700' })).toBe(700);
    expect(await wait({ pushback: '700', details: [retryInfo({ retryDelayMs: 10 })] })).toBe(700);
    expect(await wait({ details: [retryInfo({ retryDelayMs: 1000 })] })).toBe(1050);
    expect(await wait({ details: [retryInfo({ retryDelayMs: -1 })] })).toBe(50);
    for (const pushback of ['-1', '', 'soon', '007', '1.5', '1e2', '99999999999', ['1', '2']]) {
      expect(await wait({ pushback })).toEqual(['pushback']);
    }
    expect(await wait({ details: [retryInfo({ retryDelayMs: 3_600_000 })] })).toEqual(['pushback']);
  });

  it('starts the backoff anew after a pushback', async () => {
    const told = { code: status.UNAVAILABLE, pushback: '300' };
    const test = setUp([status.UNAVAILABLE, status.UNAVAILABLE, told, status.UNAVAILABLE], {
      policy: { maxAttempts: 5 },
    });
    await finish(test);
    expect(test.seen.map(({ atMs }) => atMs)).toEqual([0, 50, 150, 450, 500]);
  });

  it('never sleeps past the deadline', async () => {
    const deadline = new FakeClock().now() + 120;
    const test = setUp([status.UNAVAILABLE, status.UNAVAILABLE], { call: { deadline } });
    expect((await finish(test)).code).toBe(status.UNAVAILABLE);
    expect(test.seen.map(({ atMs }) => atMs)).toEqual([0, 50]);
    expect(test.clock.now()).toBeLessThan(deadline);
    expect(test.log.at(-1)).toBe('deadline');
  });

  it('wakes up when nobody waits any more, returns the token and leaves no timer', async () => {
    const budget = new RetryBudget();
    const test = setUp([status.UNAVAILABLE], { budget });
    const running = test.run();
    await test.clock.awaitScheduled();
    expect(budget.tokens).toBe(99);
    test.call.finish({ code: status.CANCELLED, message: 'by the caller', cause: 'reset' });
    expect(await running).toMatchObject({ code: status.CANCELLED, message: 'by the caller' });
    expect(test.seen).toHaveLength(1);
    expect(test.log.at(-1)).toBe('cancelled');
    expect(budget.tokens).toBe(100);
    expect(test.clock.scheduled).toBe(0);
  });

  it('does not repeat a cancelled call, though the policy repeats CANCELLED', async () => {
    const test = setUp([status.CANCELLED], { policy: RETRY_POLICIES.kunapp });
    test.call.finish({ code: status.CANCELLED, cause: 'reset' });
    await finish(test);
    expect(test.log).toEqual(['cancelled']);
  });

  it('gives attempts a time of their own where their expiry is repeated', async () => {
    const policy = { attemptTimeoutMs: 300 };
    const safe = setUp([status.UNAVAILABLE], { policy });
    await finish(safe);
    expect(safe.seen.map(({ timeoutMs }) => timeoutMs)).toEqual([undefined, undefined]);
    const idempotent = setUp([status.DEADLINE_EXCEEDED], { policy, call: { method: IDEMPOTENT } });
    await finish(idempotent);
    expect(idempotent.seen.map(({ timeoutMs }) => timeoutMs)).toEqual([300, 300]);
    expect(attemptDeadline(5000, 300, 4000)).toBe(4300);
    expect(attemptDeadline(4100, 300, 4000)).toBe(4100);
    expect(attemptDeadline(Infinity, undefined, 4000)).toBe(Infinity);
  });

  it('lets a call have its own way', async () => {
    const none = setUp([status.UNAVAILABLE], {});
    none.call.set(retryOverride, false);
    await finish(none);
    expect(none.call.attempts).toEqual([]);

    const own = setUp([status.ABORTED, status.ABORTED], { call: { method: IDEMPOTENT } });
    own.call.set(retryOverride, { maxAttempts: 2, codes: [status.ABORTED] });
    expect((await finish(own)).code).toBe(status.ABORTED);
    expect(own.seen).toHaveLength(2);
  });

  it('may have a policy for each method', async () => {
    const clock = new FakeClock();
    const budget = new RetryBudget();
    const { safe } = RETRY_POLICIES;
    const policy = (of: RpcMethod) => (of.idempotent ? { ...safe, maxAttempts: 1 } : safe);
    const handler = retryInterceptor({ policy, budget, clock, random: () => 0 })((call) => {
      (call as FakeCall).finish(failure({ code: status.UNAVAILABLE }));
      return (call as FakeCall).ended;
    });
    const once = new FakeCall({ side: 'client', method: IDEMPOTENT });
    await handler(once);
    expect(once.attempts).toHaveLength(1);
  });

  it('hands over the error when the budget is empty, without waiting', async () => {
    const budget = new RetryBudget({ capacity: 0 });
    const test = setUp([{ code: status.UNAVAILABLE }], { budget });
    const ending = await test.run();
    expect(ending).toBe(test.call.attempts[0]?.ending);
    expect(test.log).toEqual(['budget']);
    expect(test.clock.scheduled).toBe(0);
  });
});
