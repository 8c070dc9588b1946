import { contextKey } from '../rpc/context-key.js';
import type { RetryPolicy } from '../settings/retry-policy.js';

/** What one call wants of retry: parts of a policy instead of the upstream's, or `false` for a single attempt. */
export type RetryOverride = Partial<RetryPolicy> | false;

/** Set on a call before its chain runs, from the option `retry` of whoever made it. */
export const retryOverride = contextKey<RetryOverride | undefined>('retry of this call', undefined);

/** The policy of one call. Codes given for the call are meant as they stand. */
export function policyOfCall(
  policy: RetryPolicy,
  override: RetryOverride | undefined,
): RetryPolicy | undefined {
  if (override === undefined) return policy;
  if (override === false) return undefined;
  return { ...policy, ...(override.codes && { widenIdempotent: false }), ...override };
}
