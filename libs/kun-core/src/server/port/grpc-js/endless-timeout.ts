import type { IncomingHttpHeaders } from 'node:http2';

/** Milliseconds of each unit of `grpc-timeout` (gRPC over HTTP/2, "Timeout"). */
const UNIT_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 0.001,
  n: 0.000001,
};

/** The longest delay that a timer of Node and grpc-js' 32-bit arithmetic can hold: 24.8 days. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/**
 * Takes out a timeout that grpc-js cannot count to: it would overflow, and end the call at once instead of in a month.
 * Such a call has no deadline here; its caller still has.
 */
export function dropEndlessTimeout(headers: IncomingHttpHeaders): void {
  const timeout = headers['grpc-timeout'];
  if (typeof timeout !== 'string') return;
  const amountMs = Number(timeout.slice(0, -1)) * (UNIT_MS[timeout.slice(-1)] ?? Number.NaN);
  if (amountMs > LONGEST_TIMEOUT_MS) delete headers['grpc-timeout'];
}
