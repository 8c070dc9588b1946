import type { RpcCall } from '../../rpc/rpc-call.js';

/**
 * Kept back of the time that an incoming call has left, so that its answer still arrives after the upstream's; in
 * milliseconds, and at most half of what is left.
 */
export const DEADLINE_RESERVE_MS = 20;

/** What may limit a call. */
export interface CallLimits {
  readonly timeoutMs: number | undefined;
  /** Milliseconds since the epoch. */
  readonly deadlineMs: number | undefined;
  /** The incoming call that the outgoing one is made for. */
  readonly parent: Pick<RpcCall, 'deadline'> | undefined;
}

/**
 * The longest time that `grpc-timeout` can say: eight digits of hours, some 11 000 years (PROTOCOL-HTTP2, "Timeout"). What
 * is longer is no limit, and an error thrown out of a timer by grpc-js.
 */
const MAX_TIMEOUT_MS = 99_999_999 * 3_600_000;

/**
 * The instant at which an outgoing call gives up: the earliest of its own timeout, its own deadline and what the incoming
 * call has left, less a reserve. `Infinity` when there is none of them.
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
