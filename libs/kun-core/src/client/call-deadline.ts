import type { RpcCall } from '../rpc/rpc-call.js';

/**
 * Kept back of the time that an incoming call has left, so that its answer still arrives after the upstream's; in
 * milliseconds, and at most half of what is left.
 */
export const DEADLINE_RESERVE_MS = 20;

/**
 * The instant at which an outgoing call gives up: its own timeout, capped by what the incoming call has left, less a
 * reserve. `Infinity` when there is neither.
 */
export function callDeadline(
  now: number,
  timeoutMs: number | undefined,
  parent: Pick<RpcCall, 'deadline'> | undefined,
): number {
  const own = timeoutMs === undefined ? Infinity : now + timeoutMs;
  if (!parent || parent.deadline === Infinity) return own;
  const left = Math.max(0, parent.deadline - now);
  return Math.min(own, now + left - Math.min(DEADLINE_RESERVE_MS, left / 2));
}
