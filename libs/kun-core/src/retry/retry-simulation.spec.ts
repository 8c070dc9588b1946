import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { RETRY_POLICIES } from '../settings/keys/retry-policy.js';
import { StatusError } from '../status/status-error.js';
import { FakeCall } from '../testing/fake-call.js';
import { FakeClock } from '../testing/fake-clock.js';
import { RetryBudget } from './retry-budget.js';
import { retryInterceptor } from './retry.js';

const POLICY = { ...RETRY_POLICIES.safe, maxAttempts: 5 };
const UNAVAILABLE = new StatusError(status.UNAVAILABLE, 'down');

/** Numbers from 0 up to 1, the same for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Makes calls, some at a time, of a backend that fails a share of the attempts; counts what both sides see. */
async function simulate(options: { calls: number; atOnce: number; failing: number; budget: RetryBudget }) {
  const clock = new FakeClock();
  const random = seeded(42);
  let attempts = 0;
  let succeeded = 0;
  const handler = retryInterceptor({ policy: POLICY, budget: options.budget, clock, random })((call) => {
    attempts++;
    const attempt = call as FakeCall;
    if (random() < options.failing) attempt.end(UNAVAILABLE);
    else attempt.finish();
    return attempt.ended;
  });
  for (let made = 0; made < options.calls; made += options.atOnce) {
    const pending = Array.from({ length: options.atOnce }, () => handler(new FakeCall({ side: 'client' })));
    let settled = false;
    const all = Promise.all(pending).finally(() => (settled = true));
    while (!settled) await clock.advance(5000);
    for (const { code } of await all) if (code === status.OK) succeeded++;
  }
  return { amplification: attempts / options.calls, success: succeeded / options.calls };
}

describe('retry under a budget', () => {
  it.each([1, 50])('leaves a dead backend alone, %i calls at once', async (atOnce) => {
    const budget = new RetryBudget();
    const load = { calls: 2000, atOnce, failing: 1, budget };
    // What is left of the full budget, once in the life of the process, and nothing after it.
    expect((await simulate(load)).amplification).toBe(1 + 100 / 2000);
    expect((await simulate(load)).amplification).toBe(1);
  });

  it.each([1, 50])('brings calls through where 30 %% fail, %i calls at once', async (atOnce) => {
    const load = { calls: 5000, atOnce, failing: 0.3, budget: new RetryBudget() };
    const { amplification, success } = await simulate(load);
    expect(success).toBeGreaterThan(0.99);
    expect(amplification).toBeGreaterThan(1.38);
    expect(amplification).toBeLessThan(1.48);
  });

  it("would not with the numbers of gRPC's own throttling", async () => {
    const budget = new RetryBudget({ capacity: 10, perSuccess: 0.1 });
    const { success } = await simulate({ calls: 5000, atOnce: 50, failing: 0.3, budget });
    expect(success).toBeLessThan(0.9);
  });

  it('has its budget back soon after the backend has', async () => {
    const budget = new RetryBudget();
    await simulate({ calls: 1000, atOnce: 50, failing: 1, budget });
    expect(budget.tokens).toBeLessThan(1);
    await simulate({ calls: 200, atOnce: 50, failing: 0, budget });
    expect(budget.tokens).toBeGreaterThanOrEqual(100);
  });
});
