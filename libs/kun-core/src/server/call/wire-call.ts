import { status as Code, type Metadata, type ServerInterceptingCallInterface } from '@grpc/grpc-js';
import type { Ending } from '../../rpc/rpc-call.js';
import type { CompressionAlgorithm } from '../../transport/compression.js';
import type { StatusError } from '../../status/status-error.js';

/** A connection's security properties, in grpc-js' form. */
export type AuthContext = ReturnType<ServerInterceptingCallInterface['getAuthContext']>;

/** Records the load that a call reports to its caller (gRFC A51), in grpc-js' form. */
export type MetricsRecorder = ReturnType<ServerInterceptingCallInterface['getMetricsRecorder']>;

/** A status as sent: sanitized, and small enough to send. */
export interface CallStatus {
  readonly code: Code;
  readonly details: string;
  readonly metadata: Metadata | null;
}

/**
 * What a server call requires of its transport. An engine creates one for each incoming call, passes it to a
 * `ServerCall`, and reports to that, in order: each requested message (`messageArrived`), the end of the request
 * (`halfClosed`), that the caller no longer waits (`cancelled`), and once how the call ended (`finish`).
 */
export interface WireCall {
  /** `address:port`. */
  readonly peer: string;
  /** Milliseconds since the epoch; `Infinity` for no deadline. */
  readonly deadline: number;
  /** The `:authority` that the caller used. */
  readonly host: string;
  /** The socket that identifies the caller's certificate; `undefined` once the connection is gone. */
  readonly socket: object | undefined;
  readonly authContext: AuthContext;
  /** @throws {TypeError} when the engine does not support it. */
  readonly metricsRecorder: MetricsRecorder;
  /** The caller's metadata, without HTTP/2's and gRPC's own headers; read once. */
  readMetadata(): Metadata;
  /** Requests one message; a message that has already arrived may be delivered before this returns. */
  read(): void;
  /** Whether response messages can be compressed. */
  readonly compresses: boolean;
  /**
   * Called once, before any message. `compression` defaults to the server's setting; `requestId` is sent when there is no other
   * metadata.
   */
  sendHeaders(
    metadata: Metadata | undefined,
    compression: CompressionAlgorithm | undefined,
    requestId: string | undefined,
  ): void;
  /** `onTaken` is called when the transport has written the message, or has dropped it, and never synchronously. */
  sendMessage(bytes: Buffer, onTaken: () => void): void;
  /** Whether a message sent now has to wait, as far as the engine can tell. */
  readonly congested: boolean;
  /** Ends the call. */
  sendStatus(status: CallStatus): void;
  /** Ends a call in whatever way is left when another method threw. */
  breakOff(error: StatusError): void;
}

/** The part of an ending that the wire determines. */
export type WireOutcome = Pick<Ending, 'code' | 'message' | 'cause'>;

/** See {@link isAtDeadline}. */
const DEADLINE_RACE_MS = 50;

/**
 * Whether the end of a call at `now` counts as its deadline: both sides run a timer for the same instant, the caller's
 * reset may win the race, and Node's timers may fire a millisecond before the clock shows their time.
 */
export function isAtDeadline(deadline: number, now: number): boolean {
  return now >= deadline - DEADLINE_RACE_MS;
}

/** What is known about a call that ended before its status was sent. */
export interface AbandonedCall {
  readonly deadline: number;
  /** When it ended. */
  readonly now: number;
  /** Whether its connection ended with it. */
  readonly connectionLost: boolean;
  /** Whether the caller reset with CANCEL (RFC 9113, section 7) rather than another code. */
  readonly cancelled: boolean;
}

/**
 * Determines how a call ended whose status was not sent: a reset by the caller within {@link DEADLINE_RACE_MS} of the
 * deadline is DEADLINE_EXCEEDED, any other CANCELLED; a lost connection is CANCELLED with the cause `connection`.
 */
export function endingOfAbandoned(call: AbandonedCall): WireOutcome {
  if (call.connectionLost) {
    return { code: Code.CANCELLED, message: 'the connection was lost', cause: 'connection' };
  }
  if (isAtDeadline(call.deadline, call.now)) {
    return { code: Code.DEADLINE_EXCEEDED, message: 'the caller gave up at its deadline', cause: 'reset' };
  }
  const message = call.cancelled ? 'cancelled by the caller' : 'reset by the caller';
  return { code: Code.CANCELLED, message, cause: 'reset' };
}
