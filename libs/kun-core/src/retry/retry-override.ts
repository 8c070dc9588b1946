import { contextKey } from '../rpc/call-values.js';
import type { RpcCall } from '../rpc/rpc-call.js';
import type { RpcMethod } from '../rpc/rpc-method.js';
import type { RetryPolicy } from '../settings/keys/retry-policy.js';

/**
 * The retry setting of a single call: parts of a policy that override the upstream's, or `false` for a single attempt.
 */
export type RetryOverride = Partial<RetryPolicy> | false;

/** Set on a call before its chain runs, from the caller's option `retry`. */
export const retryOverride = contextKey<RetryOverride | undefined>('retry of this call', undefined);

/** One policy for all methods, or one per method; consulted on every call, so it should look up rather than compute. */
export type RetryPolicySource = RetryPolicy | ((method: RpcMethod) => RetryPolicy);

/** The policy of one call, `undefined` for a single attempt. Codes given for the call are taken literally. */
export function policyOfCall(source: RetryPolicySource, call: RpcCall): RetryPolicy | undefined {
  const policy = typeof source === 'function' ? source(call.method) : source;
  const override = call.get(retryOverride);
  if (override === undefined) return policy;
  if (override === false) return undefined;
  return { ...policy, ...(override.codes && { widenIdempotent: false }), ...override };
}
