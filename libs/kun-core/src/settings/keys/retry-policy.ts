import { status } from '@grpc/grpc-js';

/** When and how often a call is tried again. */
export interface RetryPolicy {
  /** Attempts in all, the first included; 1: none is repeated. */
  readonly maxAttempts: number;
  /** Codes that are worth another attempt, whatever the method. */
  readonly codes: readonly status[];
  /**
   * Whether a method that its proto calls idempotent is repeated after more than {@link codes}: see `isRetryable` for
   * what and why. Off when the codes were chosen by hand, since they are then meant as they stand.
   */
  readonly widenIdempotent: boolean;
  /** The most to wait before the second attempt, in milliseconds; it doubles with every further one. */
  readonly initialBackoffMs: number;
  /** The most to wait before any attempt, in milliseconds. What the server asks for may be longer. */
  readonly maxBackoffMs: number;
  /**
   * How long one attempt may take, in milliseconds; `undefined`: as long as the call. It holds for methods that are
   * repeated after DEADLINE_EXCEEDED, since elsewhere it would only make calls fail sooner.
   */
  readonly attemptTimeoutMs: number | undefined;
}

/** The names of {@link RETRY_POLICIES}, as `Retry.Policy` writes them. */
export const RETRY_POLICY_NAMES = ['safe', 'kunapp'] as const;

/** One of {@link RETRY_POLICY_NAMES}. */
export type RetryPolicyName = (typeof RETRY_POLICY_NAMES)[number];

/**
 * The policies that have a name.
 *
 * - `safe`: only UNAVAILABLE, gRPC's word for "try just this call again" (grpc/doc/statuscodes.md), after at most
 *   100 ms, 200 ms.
 * - `kunapp`: what kunapp's users had by `RetryOptions()`: three attempts, six codes, exponential from 50 ms. It
 *   repeats whatever failed, also what may have been done: for methods that bear it.
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
