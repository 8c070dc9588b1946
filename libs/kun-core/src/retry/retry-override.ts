import { contextKey } from '../rpc/call-values.js';
import type { RpcCall } from '../rpc/rpc-call.js';
import type { RpcMethod } from '../rpc/rpc-method.js';
import type { RetryPolicy } from '../settings/keys/retry-policy.js';

/** What one call wants of retry: parts of a policy instead of the upstream's, or `false` for a single attempt. */
export type RetryOverride = Partial<RetryPolicy> | false;

/** Set on a call before its chain runs, from the option `retry` of whoever made it. */
export const retryOverride = contextKey<RetryOverride | undefined>('retry of this call', undefined);

/** One policy for all methods, or one for each; asked for every call, so it should look up and not make. */
export type RetryPolicySource = RetryPolicy | ((method: RpcMethod) => RetryPolicy);

/** The policy of one call, `undefined` for a single attempt. Codes given for the call are meant as they stand. */
export function policyOfCall(source: RetryPolicySource, call: RpcCall): RetryPolicy | undefined {
  const policy = typeof source === 'function' ? source(call.method) : source;
  const override = call.get(retryOverride);
  if (override === undefined) return policy;
  if (override === false) return undefined;
  return { ...policy, ...(override.codes && { widenIdempotent: false }), ...override };
}
