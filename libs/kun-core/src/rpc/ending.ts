import type { status as Status } from '@grpc/grpc-js';
import type { StatusError } from '../status/status-error.js';

/**
 * How an RPC ended. Decided in one place, from what went over the wire, so that log line, span and counter always
 * agree with what the other side saw.
 */
export interface Ending {
  readonly code: Status;
  /** The status message; empty for OK. */
  readonly message: string;
  /** The error behind a code other than OK, with its cause, when this side made it. */
  readonly error?: StatusError | undefined;
  /**
   * What decided: `status`, a status was sent (server) or received (client); `reset`, the stream was ended before, on a
   * server by the other side, on a client by this one; `connection`, the connection was lost before.
   */
  readonly cause: 'status' | 'reset' | 'connection';
  /** Milliseconds from the headers to the end. */
  readonly durationMs: number;
}
