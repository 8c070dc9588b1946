import type { Duplex } from 'node:stream';
import type { MessageEncoding } from '../grpc/message-encoding.js';
import type { RequestHeaders } from './request-headers.js';
import type { Metadata } from './response-fields.js';

/** A call received over a connection, to be read and answered. */
export interface IncomingCall {
  /** `/package.Service/Method`, as sent by the caller. */
  readonly path: string;
  readonly headers: RequestHeaders;
  /** `:authority`, else `host`, else empty. */
  readonly authority: string;
  /** The caller's deadline, in milliseconds since the epoch; `Infinity` for none. */
  readonly deadline: number;
  readonly connection: ServedConnection;
  /**
   * Set if the wire has already refused the call because of its headers: it is reported only for counting and logging.
   * Nothing can be read or sent, and its end follows.
   */
  readonly refusal: CallRefusal | undefined;
  /** Whether a response could still reach the caller. */
  readonly writable: boolean;
  /** Whether a message sent now would have to wait, for the caller's window or for the socket. */
  readonly congested: boolean;

  /** Requests one message. One that has already arrived is delivered before this returns. */
  read(): void;
  /**
   * Sends headers, at most once and before any message; otherwise they are sent with the first message. With an
   * `encoding` that the caller accepts, messages of a kibibyte and more are compressed, in zlib's threads.
   *
   * @throws {InvalidHeaderError} for an invalid name or value.
   */
  sendHeaders(metadata?: Metadata, encoding?: MessageEncoding): void;
  /**
   * Sends a message. Its bytes must not change until `onTaken` is called: the socket has accepted the message, or the
   * call ended first and it was dropped. Waiting for it bounds the number of messages in flight. It is always called
   * asynchronously, and not at all if the connection is lost after a part of the message was written.
   */
  sendMessage(bytes: Uint8Array, onTaken?: () => void): void;
  /**
   * Sends the status, after all messages, and ends the call.
   *
   * @throws {InvalidHeaderError} for an invalid trailer.
   */
  sendStatus(code: number, message?: string, trailers?: Metadata): void;
  /** Ends the call with RST_STREAM instead of a status, for what no status can express. */
  reset(code: number): void;
}

/** A response by the wire itself. */
export interface CallRefusal {
  /** The gRPC status. */
  readonly code: number;
  readonly message: string;
  /** The HTTP status, which is all that non-gRPC callers see. */
  readonly httpStatus: number;
}

/** How a call ended; reported exactly once. */
export type CallEnd =
  /** Its status was written, and the socket accepted it. */
  | { readonly how: 'status'; readonly code: number; readonly message: string }
  /** It was reset, with a code from RFC 9113, section 7, by the caller or by this side. */
  | { readonly how: 'reset'; readonly code: number; readonly by: 'peer' | 'self' }
  /** Its connection ended before the status was sent. */
  | { readonly how: 'lost'; readonly reason: string };

/** Receives the events of a call. Its methods must not throw. */
export interface CallListener {
  /** A requested message. It may share memory with others: copy it if you keep it for long. */
  onMessage(bytes: Buffer): void;
  /** All messages have been delivered, and no more will come. */
  onHalfClose(): void;
  /**
   * The wire has decided the status (deadline exceeded, message too large, connection shut down): anything sent from
   * now on is dropped, and the end follows.
   */
  onAnswered(code: number, message: string): void;
  /** The call is over. */
  onEnd(end: CallEnd): void;
}

/** A connection that carries calls. */
export interface ServedConnection {
  readonly socket: Duplex;
  /** `address:port` of the peer; empty if the byte stream has none. */
  readonly peer: string;
  /** The number of open calls. */
  readonly openStreams: number;
  /**
   * Asks the peer to make new calls elsewhere (GOAWAY in two steps); calls in flight, and those made before the peer
   * has received it, are served. The connection closes after the last one.
   */
  goAway(reason?: string): void;
  /**
   * Calls back when the last accepted call has been announced to the peer (the second GOAWAY), or the connection is
   * closed: all calls made before have arrived. Closing earlier may lose one.
   */
  whenDeparted(callback: () => void): void;
  /**
   * Ends every open call with UNAVAILABLE, accepts no more, and closes once the statuses are sent, within
   * `closeTimeoutMs`.
   */
  close(): void;
  /** Closes the connection abruptly. */
  destroy(): void;
  /** Calls back when the connection is closed; immediately if it is already. */
  onClose(callback: () => void): void;
}
