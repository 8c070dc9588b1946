import type { RpcCall } from '../../rpc/rpc-call.js';

/**
 * How much earlier than the incoming call an outgoing call expires, so that the response can still be delivered; in
 * milliseconds, and at most half of the remaining time.
 */
export const DEADLINE_RESERVE_MS = 20;

/** What limits a call's duration. */
export interface CallLimits {
  readonly timeoutMs: number | undefined;
  /** Milliseconds since the epoch. */
  readonly deadlineMs: number | undefined;
  /** The incoming call that the outgoing one is made for. */
  readonly parent: Pick<RpcCall, 'deadline'> | undefined;
}

/**
 * The longest value of `grpc-timeout`: eight digits of hours, some 11 000 years (PROTOCOL-HTTP2, "Timeout"). A longer
 * one counts as no limit; grpc-js would throw out of a timer.
 */
const MAX_TIMEOUT_MS = 99_999_999 * 3_600_000;

/**
 * The deadline of an outgoing call: the earliest of its own timeout, its own deadline and the incoming call's remaining
 * time less a reserve. `Infinity` if there is none.
 */
export function callDeadline(
  now: number,
  { timeoutMs = Infinity, deadlineMs = Infinity, parent }: CallLimits,
): number {
  const own = Math.min(now + timeoutMs, deadlineMs);
  const deadline = Math.min(own, now + timeForIt(now, parent));
  return deadline - now > MAX_TIMEOUT_MS ? Infinity : deadline;
}

function timeForIt(now: number, parent: CallLimits['parent']): number {
  const left = Math.max(0, (parent?.deadline ?? Infinity) - now);
  return left - Math.min(DEADLINE_RESERVE_MS, left / 2);
}
