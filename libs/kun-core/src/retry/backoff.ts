/** The delays between attempts. */
export interface Backoff {
  /** The maximum delay before the second attempt, in milliseconds. */
  readonly initialBackoffMs: number;
  /** The maximum delay before any attempt, in milliseconds. */
  readonly maxBackoffMs: number;
}

/** Each maximum is twice the one before. */
const MULTIPLIER = 2;

/** More than any delay needs, and far from overflow: zero times infinity is NaN. */
const MAX_DOUBLINGS = 50;

/**
 * The wait before the `retry`th repetition (1 is the second attempt), in milliseconds: anything from nothing up to
 * `initial * 2^(retry - 1)`, at most `max`, all of it equally likely.
 *
 * This "full jitter" spreads callers that failed together over the whole time, and needs the fewest calls of all
 * variants (M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog); it is also what gRPC's retry design
 * (A6) began with and what grpc-js and older grpc-go do. Half of the waits are shorter than with A6's present ±20 %,
 * which costs nothing here: how much may be repeated is capped by the budget, not by the wait.
 *
 * @param random gives numbers from 0 up to 1, 1 excluded
 */
export function backoffMs(retry: number, backoff: Backoff, random: () => number): number {
  return random() * longestBackoffMs(retry, backoff);
}

/** The upper bound of {@link backoffMs}. */
export function longestBackoffMs(retry: number, { initialBackoffMs, maxBackoffMs }: Backoff): number {
  return Math.min(initialBackoffMs * MULTIPLIER ** Math.min(retry - 1, MAX_DOUBLINGS), maxBackoffMs);
}
