import { status } from '@grpc/grpc-js';
import { hiddenError } from './hidden-error.js';
import { StatusError } from './status-error.js';
import type { UpstreamPolicy } from './upstream-policy.js';

/** What is as true for the caller as it is for this service */
const SHARED_CODES = new Set([
  status.CANCELLED,
  status.DEADLINE_EXCEEDED,
  status.RESOURCE_EXHAUSTED,
  status.ABORTED,
  status.UNAVAILABLE,
]);

/**
 * An upstream's failure as this service's caller is to see it, by the policies that `UpstreamPolicy` explains.
 *
 * @param error what the upstream answered
 * @param cause what was thrown, for the log
 */
export function applyUpstreamPolicy(
  error: StatusError,
  policy: UpstreamPolicy,
  cause: unknown,
  options: { development?: boolean } = {},
): StatusError {
  if (policy === 'pass') {
    return new StatusError(error.code, error.message, { details: error.details, cause });
  }
  if (policy === 'map' && SHARED_CODES.has(error.code)) {
    const details = error.details.filter((detail) => detail.type === 'google.rpc.RetryInfo');
    return hiddenError(error.code, cause, { ...options, details });
  }
  return hiddenError(status.INTERNAL, cause, options);
}
