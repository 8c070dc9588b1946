import { status, type Metadata } from '@grpc/grpc-js';
import type { Interceptor } from '../rpc/interceptor.js';
import { retriesSpent } from '../rpc/attempts.js';
import type { RpcMethod } from '../rpc/rpc-method.js';
import type { RetryPolicy } from '../settings/keys/retry-policy.js';
import { retryCodes } from './retry-codes.js';
import { policyOfCall, type RetryPolicySource } from './retry-override.js';

export interface MeshRetryOptions {
  /** Who retries calls: this process, the mesh, or nobody on this service's behalf. */
  readonly by: 'app' | 'mesh' | 'off';
  /** For all methods, or by method. */
  readonly policy: RetryPolicySource;
  /** Whether calls leave through a proxy, whose routes may have a retry policy of their own. */
  readonly proxied: boolean;
}

/**
 * Sees to it that a call has one owner of its retries.
 *
 * - `mesh`: Envoy's headers ask the proxy to try unary calls again. Backoff, jitter and budget are then the proxy's.
 * - `app`: headers that would ask the proxy as well are taken out, and a proxy that would retry by its own route is told
 *   not to. Three attempts here times three there would be nine.
 * - `off`: what the caller wrote stays.
 *
 * Streams never carry the headers, whoever set them: a proxy that may have to repeat a stream keeps all of it in
 * memory, until it has none left.
 *
 * Source: Envoy, "Router", HTTP headers consumed from downstreams.
 */
export function meshRetryInterceptor(options: MeshRetryOptions): Interceptor {
  const { by, policy, proxied } = options;
  return (next) => (call) => {
    const { metadata, method } = call;
    const unary = method.kind === 'unary';
    if (by === 'app' || !unary) {
      for (const header of RETRY_HEADERS) metadata.remove(header);
      if (proxied || by === 'mesh') metadata.set(MAX_RETRIES, '0');
    } else if (by === 'mesh') {
      const codes = askMesh(metadata, method, policyOfCall(policy, call));
      // The proxy has already retried it, and does not report that.
      if (codes.length > 0) call.onEnd(({ code }) => codes.includes(code) && call.set(retriesSpent, true));
    }
    return next(call);
  };
}

const RETRY_GRPC_ON = 'x-envoy-retry-grpc-on';
const MAX_RETRIES = 'x-envoy-max-retries';
const PER_TRY_TIMEOUT = 'x-envoy-upstream-rq-per-try-timeout-ms';

/** All headers by which a request asks Envoy for retries. */
const RETRY_HEADERS = [
  RETRY_GRPC_ON,
  MAX_RETRIES,
  PER_TRY_TIMEOUT,
  'x-envoy-retry-on',
  'x-envoy-retriable-status-codes',
  'x-envoy-retriable-header-names',
  'x-envoy-hedge-on-per-try-timeout',
];

/** Envoy's names; it has none for the other codes. */
const ENVOY_NAMES: ReadonlyMap<status, string> = new Map([
  [status.CANCELLED, 'cancelled'],
  [status.DEADLINE_EXCEEDED, 'deadline-exceeded'],
  [status.INTERNAL, 'internal'],
  [status.RESOURCE_EXHAUSTED, 'resource-exhausted'],
  [status.UNAVAILABLE, 'unavailable'],
]);

/** Returns the codes that the proxy was asked to retry. */
function askMesh(metadata: Metadata, method: RpcMethod, policy: RetryPolicy | undefined): readonly status[] {
  const codes = policy ? retryCodes(method, policy) : [];
  const asked = codes.filter((code) => ENVOY_NAMES.has(code));
  const names = asked.flatMap((code) => ENVOY_NAMES.get(code) ?? []);
  if (!policy || policy.maxAttempts < 2 || names.length === 0) {
    metadata.set(MAX_RETRIES, '0');
    return [];
  }
  metadata.set(RETRY_GRPC_ON, names.join(','));
  // Envoy counts retries, the policy attempts.
  metadata.set(MAX_RETRIES, String(policy.maxAttempts - 1));
  if (policy.attemptTimeoutMs !== undefined) {
    metadata.set(PER_TRY_TIMEOUT, String(Math.max(1, Math.round(policy.attemptTimeoutMs))));
  }
  return asked;
}
