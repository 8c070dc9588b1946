import { status as Code, type Metadata, type ServerInterceptingCallInterface } from '@grpc/grpc-js';
import type { Ending } from '../../rpc/rpc-call.js';
import type { CompressionAlgorithm } from '../../transport/compression.js';
import type { StatusError } from '../../status/status-error.js';

/** What handlers know of a connection's security, in grpc-js' form. */
export type AuthContext = ReturnType<ServerInterceptingCallInterface['getAuthContext']>;

/** What records the load that a call reports to its caller (gRPC's A51), in grpc-js' form. */
export type MetricsRecorder = ReturnType<ServerInterceptingCallInterface['getMetricsRecorder']>;

/** A status as it goes out: clean, and small enough to be sent. */
export interface WireStatus {
  readonly code: Code;
  readonly details: string;
  readonly metadata: Metadata | null;
}

/**
 * What a server's call needs of whatever carries it. An engine makes one for each call that arrives, gives it to a
 * `ServerCall`, and tells that, in this order: of each message asked for (`messageArrived`), of the end of the request
 * (`halfClosed`), that nobody waits for an answer any more (`cancelled`), and once how the call ended (`finish`).
 */
export interface WireCall {
  /** `address:port`. */
  readonly peer: string;
  /** In milliseconds since the epoch; `Infinity` for none. */
  readonly deadline: number;
  /** What the caller called the server (`:authority`). */
  readonly host: string;
  /** What the certificate that the caller has shown is asked of; `undefined` once the connection is gone. */
  readonly socket: object | undefined;
  readonly authContext: AuthContext;
  /** @throws {TypeError} when the engine has none. */
  readonly metricsRecorder: MetricsRecorder;
  /** What the caller sent along, without HTTP/2's and gRPC's own; asked for once. */
  readMetadata(): Metadata;
  /** Asks for one message; one that has come already may be told of before this returns. */
  read(): void;
  /** Whether messages of answers can be compressed. */
  readonly compresses: boolean;
  /** Called once, before any message. Default of how messages are compressed: as the server's are */
  sendHeaders(metadata: Metadata | undefined, compression: CompressionAlgorithm | undefined): void;
  /** `onTaken` is called when the transport has taken it, or no more needs it, and never from within. */
  sendMessage(bytes: Buffer, onTaken: () => void): void;
  /** Whether a message that is sent now has to wait, as far as the engine can tell. */
  readonly congested: boolean;
  /** Ends the call. */
  sendStatus(status: WireStatus): void;
  /** Ends a call in whatever way is left, when one of the others threw. */
  breakOff(error: StatusError): void;
}

/** The part of an ending that the wire decides. */
export type WireEnding = Pick<Ending, 'code' | 'message' | 'cause'>;

/**
 * How long before or after its deadline a caller's reset counts as the deadline: both sides run a timer for the same
 * instant, and the caller's reset may win the race.
 */
const DEADLINE_RACE_MS = 50;

/** What is known of a call that ended before its status was sent. */
export interface UnansweredCall {
  readonly deadline: number;
  /** When it ended. */
  readonly now: number;
  /** Whether its connection ended with it. */
  readonly connectionLost: boolean;
  /** Whether the caller said CANCEL (RFC 9113, section 7), and not something else. */
  readonly cancelled: boolean;
}

/**
 * How a call ended whose status was not sent: the caller's reset within {@link DEADLINE_RACE_MS} of the deadline is
 * DEADLINE_EXCEEDED, else CANCELLED; a lost connection is CANCELLED with the cause `connection`.
 */
export function endingOfUnanswered(call: UnansweredCall): WireEnding {
  if (call.connectionLost) {
    return { code: Code.CANCELLED, message: 'the connection was lost', cause: 'connection' };
  }
  if (call.now >= call.deadline - DEADLINE_RACE_MS) {
    return { code: Code.DEADLINE_EXCEEDED, message: 'the caller gave up at its deadline', cause: 'reset' };
  }
  const message = call.cancelled ? 'cancelled by the caller' : 'reset by the caller';
  return { code: Code.CANCELLED, message, cause: 'reset' };
}
