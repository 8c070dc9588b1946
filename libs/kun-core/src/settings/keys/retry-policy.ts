import { status } from '@grpc/grpc-js';

/** When and how often a call is retried. */
export interface RetryPolicy {
  /** The maximum number of attempts, including the first; 1: no retry. */
  readonly maxAttempts: number;
  /** Codes that are retried for every method. */
  readonly codes: readonly status[];
  /**
   * Whether methods declared idempotent are retried after more than {@link codes}: see `isRetryable`. Off when the
   * codes were configured explicitly, which are then meant literally.
   */
  readonly widenIdempotent: boolean;
  /** The maximum delay before the second attempt, in milliseconds; doubled for every further one. */
  readonly initialBackoffMs: number;
  /** The maximum delay before any attempt, in milliseconds. Server pushback may be longer. */
  readonly maxBackoffMs: number;
  /**
   * How long one attempt may take, in milliseconds; `undefined`: as long as the call. It applies to methods that are
   * retried after DEADLINE_EXCEEDED, since elsewhere it would only make calls fail earlier.
   */
  readonly attemptTimeoutMs: number | undefined;
}

/** The names of {@link RETRY_POLICIES}, as `Retry.Policy` writes them. */
export const RETRY_POLICY_NAMES = ['safe', 'kunapp'] as const;

/** One of {@link RETRY_POLICY_NAMES}. */
export type RetryPolicyName = (typeof RETRY_POLICY_NAMES)[number];

/**
 * The named policies.
 *
 * - `safe`: only UNAVAILABLE, for which gRPC recommends retrying just the failing call (grpc/doc/statuscodes.md), after
 *   at most 100 ms, 200 ms.
 * - `kunapp`: what kunapp's `RetryOptions()` did: three attempts, six codes, exponential from 50 ms. It also retries
 *   calls that may have been executed: only for methods that tolerate that.
 */
export const RETRY_POLICIES: Readonly<Record<RetryPolicyName, RetryPolicy>> = Object.freeze({
  safe: Object.freeze({
    maxAttempts: 3,
    codes: Object.freeze([status.UNAVAILABLE]),
    widenIdempotent: true,
    initialBackoffMs: 100,
    maxBackoffMs: 2000,
    attemptTimeoutMs: undefined,
  }),
  kunapp: Object.freeze({
    maxAttempts: 3,
    codes: Object.freeze([
      status.INTERNAL,
      status.UNAVAILABLE,
      status.CANCELLED,
      status.DEADLINE_EXCEEDED,
      status.RESOURCE_EXHAUSTED,
      status.UNKNOWN,
    ]),
    widenIdempotent: true,
    initialBackoffMs: 50,
    maxBackoffMs: 2000,
    attemptTimeoutMs: undefined,
  }),
});
