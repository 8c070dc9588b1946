import { status } from '@grpc/grpc-js';
import type { Ending } from '../rpc/rpc-call.js';
import type { RpcMethod } from '../rpc/rpc-method.js';
import type { RetryPolicy } from '../settings/keys/retry-policy.js';

/**
 * Whether an attempt that ended so is worth another.
 *
 * A method that its proto calls idempotent (`option idempotency_level`) may be called again although nobody knows
 * whether the first call was carried out. So, in addition to the policy's codes:
 *
 * - DEADLINE_EXCEEDED, of an attempt: the call itself still has time, or nothing would be tried again;
 * - whatever the code, when the connection was lost before a status came: nobody has answered;
 * - RESOURCE_EXHAUSTED only when the answer says when to come back: it also means a quota that is used up or a message
 *   that is too large, and another call at a guessed time is what an overloaded server needs least.
 *
 * Left out are ABORTED, which asks for more than this call to be repeated (grpc/doc/statuscodes.md), and INTERNAL,
 * UNKNOWN and DATA_LOSS, which speak of defects that are there the next time too.
 *
 * What this side decided is never worth another, whatever the policy: a message or metadata that is too large or does not
 * fit its type, a cancellation, a channel that is closed.
 *
 * @param told whether the answer says when to try again
 */
export function isRetryable(ending: Ending, method: RpcMethod, policy: RetryPolicy, told: boolean): boolean {
  if (ending.cause === 'reset') return false;
  if (policy.codes.includes(ending.code)) return true;
  if (!method.idempotent || !policy.widenIdempotent) return false;
  if (ending.code === status.RESOURCE_EXHAUSTED) return told;
  return IDEMPOTENT_CODES.includes(ending.code) || ending.cause === 'connection';
}

/** The codes after which the policy repeats a method, as far as they can be told before any answer. */
export function retryCodes(method: RpcMethod, policy: RetryPolicy): readonly status[] {
  if (!method.idempotent || !policy.widenIdempotent) return policy.codes;
  return [...new Set([...policy.codes, ...IDEMPOTENT_CODES])];
}

const IDEMPOTENT_CODES: readonly status[] = [status.UNAVAILABLE, status.DEADLINE_EXCEEDED];
