import type { Metadata } from '@grpc/grpc-js';
import { contextKey } from './call-values.js';

/** The trailer with which a server controls its callers' retries (gRFC A6, "Pushback"). */
export const PUSHBACK_HEADER = 'grpc-retry-pushback-ms';

/** Tells a server how many attempts preceded this one (gRFC A6). */
export const PREVIOUS_ATTEMPTS_HEADER = 'grpc-previous-rpc-attempts';

/** Envoy's equivalent, which counts from 1; sent by Istio's proxies. */
const ENVOY_ATTEMPT_HEADER = 'x-envoy-attempt-count';

/**
 * In a chain of services only one layer must retry, or the last service gets the product of all attempts. That is the
 * service next to the failing one: once it has exhausted its retries, its own failure says so, and everybody upstream
 * of it passes that on.
 *
 * On an outgoing call: its retries, by this service or its mesh, are exhausted.
 */
export const retriesSpent = contextKey('retries of this call are spent', false);

/** On an incoming call: a call made for it failed with its retries exhausted, or was told not to retry. */
export const retriedBeyond = contextKey('retried beyond this service', false);

/** Whether an incoming call is a retry; the caller is then the retrying layer. */
export function isRepetition(metadata: Metadata): boolean {
  const [previous] = metadata.get(PREVIOUS_ATTEMPTS_HEADER);
  const [attempt] = metadata.get(ENVOY_ATTEMPT_HEADER);
  return Number(previous ?? 0) >= 1 || Number(attempt ?? 1) >= 2;
}

/**
 * The timeout of this attempt in milliseconds, set by the retry before the attempt starts; `undefined`: as long as the
 * call. The transport ends the attempt with DEADLINE_EXCEEDED at {@link attemptDeadline}.
 */
export const attemptTimeoutMs = contextKey<number | undefined>('attempt timeout in milliseconds', undefined);

/** The deadline of an attempt that starts at `nowMs`: never later than that of its call. */
export function attemptDeadline(deadline: number, timeoutMs: number | undefined, nowMs: number): number {
  return timeoutMs === undefined ? deadline : Math.min(deadline, nowMs + timeoutMs);
}
