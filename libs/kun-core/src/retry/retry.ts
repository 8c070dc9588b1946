import { status } from '@grpc/grpc-js';
import { delay, type Clock } from '../clock.js';
import { attemptTimeoutMs, PREVIOUS_ATTEMPTS_HEADER, retriesSpent } from '../rpc/attempts.js';
import type { Ending, RpcCall } from '../rpc/rpc-call.js';
import type { CallHandler, Interceptor } from '../rpc/interceptor.js';
import type { RetryPolicy } from '../settings/keys/retry-policy.js';
import { StatusError } from '../status/status-error.js';
import { backoffMs } from './backoff.js';
import type { RetryBudget } from './retry-budget.js';
import { isRetryable, retryCodes } from './retry-codes.js';
import { policyOfCall, type RetryPolicySource } from './retry-override.js';
import { readPushback, type Pushback } from './retry-pushback.js';

/**
 * Why a retryable failure was not retried: `attempts`, the maximum is reached; `budget`, too many calls fail;
 * `deadline`, the next attempt would be too late; `pushback`, the server refuses retries; `committed`, the caller
 * already has part of the response; `cancelled`, the caller no longer waits.
 */
export type RetryStop = 'attempts' | 'budget' | 'deadline' | 'pushback' | 'committed' | 'cancelled';

/** Notified between attempts, for metrics, spans and logs. Must not throw. */
export interface RetryObserver {
  /** `failed` was an attempt at `call`; another follows after `delayMs`. */
  onRetry?(call: RpcCall, failed: RpcCall, delayMs: number): void;
  /** A retryable failure of `call` is passed on to the caller. */
  onStop?(call: RpcCall, reason: RetryStop): void;
}

export interface RetryOptions extends RetryObserver {
  /** For all methods, or by method. */
  readonly policy: RetryPolicySource;
  /** The upstream's budget, shared by all its methods. */
  readonly budget: RetryBudget;
  readonly clock: Clock;
  /** Random numbers from 0 up to 1, for the jitter. Default: Math.random */
  readonly random?: () => number;
}

/**
 * Retries calls that failed for a transient reason: unary ones, and server-streaming ones before their first message. A
 * request stream cannot be sent twice and is passed through.
 *
 * Each attempt is a call of its own, `next(call.nextAttempt())`, so interceptors inside count attempts and those
 * outside count calls. Retrying stops at the call's deadline and as soon as the caller no longer waits; the caller gets
 * the last attempt's ending unchanged.
 */
export function retryInterceptor(options: RetryOptions): Interceptor {
  return (next) =>
    function retrying(call) {
      if (call.method.requestStream) return next(call);
      const policy = policyOfCall(options.policy, call);
      if (!policy) return next(call);
      return new RetriedCall(call, policy, options).run(next);
    };
}

class RetriedCall {
  /** Attempts since the last server pushback: the exponent of the backoff. */
  private retriesSincePushback = 0;

  constructor(
    private readonly call: RpcCall,
    private readonly policy: RetryPolicy,
    private readonly options: RetryOptions,
  ) {}

  async run(next: CallHandler): Promise<Ending> {
    const { call, options } = this;
    for (let number = 1; ; number++) {
      const attempt = this.prepare(call.nextAttempt(), number);
      const ending = await next(attempt);
      if (ending.code === status.OK) {
        options.budget.earn();
        return ending;
      }
      // Whatever happens now, the incoming call must not be retried because of this one.
      if (number > 1) call.set(retriesSpent, true);
      const pushback = readPushback(ending);
      if (!isRetryable(ending, call.method, this.policy, told(pushback))) return ending;
      const step = this.decide(number, attempt, pushback);
      if (typeof step === 'string') {
        if (step === 'budget') call.set(retriesSpent, true);
        options.onStop?.(call, step);
        return ending;
      }
      options.onRetry?.(call, attempt, step.delayMs);
      if ((await delay(options.clock, step.delayMs, call.signal)) === 'aborted') {
        options.budget.giveBack();
        options.onStop?.(call, 'cancelled');
        return call.ending ?? abandoned(call, ending);
      }
    }
  }

  private prepare(attempt: RpcCall, number: number): RpcCall {
    if (number > 1) attempt.metadata.set(PREVIOUS_ATTEMPTS_HEADER, String(number - 1));
    const timeoutMs = this.policy.attemptTimeoutMs;
    if (timeoutMs !== undefined && this.policy.maxAttempts > 1 && this.repeatsExpired()) {
      attempt.set(attemptTimeoutMs, timeoutMs);
    }
    return attempt;
  }

  private repeatsExpired(): boolean {
    return retryCodes(this.call.method, this.policy).includes(status.DEADLINE_EXCEEDED);
  }

  /** Returns the delay before the next attempt, with its token taken, or why there is none. */
  private decide(number: number, attempt: RpcCall, pushback: Pushback): RetryStop | { delayMs: number } {
    const { call, options, policy } = this;
    if (call.committed || attempt.committed) return 'committed';
    if (number >= policy.maxAttempts) return 'attempts';
    if (pushback.kind === 'stop') return 'pushback';
    const nowMs = options.clock.now();
    // Before the signal is read, which would create it.
    if (nowMs >= call.deadline) return 'deadline';
    if (call.ending || call.signal.aborted) return 'cancelled';
    const delayMs = this.nextDelayMs(pushback);
    if (nowMs + delayMs >= call.deadline) return 'deadline';
    return options.budget.take() ? { delayMs } : 'budget';
  }

  private nextDelayMs(pushback: Pushback): number {
    if (pushback.kind === 'exactly') {
      this.retriesSincePushback = 0;
      return pushback.delayMs;
    }
    this.retriesSincePushback++;
    const jittered = backoffMs(this.retriesSincePushback, this.policy, this.options.random ?? Math.random);
    // Added to the server's delay, or all callers that were given the same delay would return at once.
    return pushback.kind === 'atLeast' ? pushback.delayMs + jittered : jittered;
  }
}

function told(pushback: Pushback): boolean {
  return pushback.kind === 'exactly' || pushback.kind === 'atLeast';
}

/** The call was abandoned while it waited for its next attempt. */
function abandoned(call: RpcCall, last: Ending): Ending {
  const reason: unknown = call.signal.reason;
  const error =
    reason instanceof StatusError
      ? reason
      : new StatusError(status.CANCELLED, 'the call was cancelled between two attempts', {
          cause: last.error,
        });
  return { code: error.code, message: error.message, error, cause: 'reset', durationMs: last.durationMs };
}
