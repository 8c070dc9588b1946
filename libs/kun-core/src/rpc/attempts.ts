import type { Metadata } from '@grpc/grpc-js';
import { contextKey } from './call-values.js';

/** The trailing metadata by which a server steers its callers' retries (gRPC A6, "Pushback"). */
export const PUSHBACK_HEADER = 'grpc-retry-pushback-ms';

/** Tells a server which attempt it sees: how many came before (gRPC A6). */
export const PREVIOUS_ATTEMPTS_HEADER = 'grpc-previous-rpc-attempts';

/** Envoy's word for it, which counts from 1; Istio's proxies send it. */
const ENVOY_ATTEMPT_HEADER = 'x-envoy-attempt-count';

/**
 * A chain of services has one layer of attempts, or its last one would get the product of all. The layer is that of the
 * service next to what fails: once it has tried enough, its own failure says so, and everybody before it passes that on.
 *
 * On an outgoing call: it was tried again, by this service or its mesh, as often as is sensible.
 */
export const retriesSpent = contextKey('retries of this call are spent', false);

/** On an incoming call: a call made for it failed with its retries spent, or was told that nobody shall try again. */
export const retriedBeyond = contextKey('retried beyond this service', false);

/** Whether an incoming call is somebody's repetition: the layer of attempts is then theirs. */
export function isRepetition(metadata: Metadata): boolean {
  const [previous] = metadata.get(PREVIOUS_ATTEMPTS_HEADER);
  const [attempt] = metadata.get(ENVOY_ATTEMPT_HEADER);
  return Number(previous ?? 0) >= 1 || Number(attempt ?? 1) >= 2;
}

/**
 * How long this attempt may take, in milliseconds, set by retry before the attempt starts; `undefined`: as long as the
 * call. Whoever puts the attempt on the wire ends it with DEADLINE_EXCEEDED at {@link attemptDeadline}.
 */
export const attemptTimeoutMs = contextKey<number | undefined>('attempt timeout in milliseconds', undefined);

/** When an attempt that starts at `nowMs` must have ended: never after its call. */
export function attemptDeadline(deadline: number, timeoutMs: number | undefined, nowMs: number): number {
  return timeoutMs === undefined ? deadline : Math.min(deadline, nowMs + timeoutMs);
}
