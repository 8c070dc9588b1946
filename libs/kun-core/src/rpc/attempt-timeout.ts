import { contextKey } from './context-key.js';

/**
 * How long this attempt may take, in milliseconds, set by retry before the attempt starts; `undefined`: as long as the
 * call. Whoever puts the attempt on the wire ends it with DEADLINE_EXCEEDED at {@link attemptDeadline}.
 */
export const attemptTimeoutMs = contextKey<number | undefined>('attempt timeout in milliseconds', undefined);

/** When an attempt that starts at `nowMs` must have ended: never after its call. */
export function attemptDeadline(deadline: number, timeoutMs: number | undefined, nowMs: number): number {
  return timeoutMs === undefined ? deadline : Math.min(deadline, nowMs + timeoutMs);
}
