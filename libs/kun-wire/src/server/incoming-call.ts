import type { Duplex } from 'node:stream';
import type { MessageEncoding } from '../grpc/message-encoding.js';
import type { RequestHeaders } from './request-headers.js';
import type { Metadata } from './response-fields.js';

/** A call as it comes over a connection, to be read and answered. */
export interface IncomingCall {
  /** `/package.Service/Method`, as the caller wrote it. */
  readonly path: string;
  readonly headers: RequestHeaders;
  /** `:authority`, else `host`, else empty. */
  readonly authority: string;
  /** The caller's deadline, in milliseconds since the epoch; `Infinity` for none. */
  readonly deadline: number;
  readonly connection: ServedConnection;
  /**
   * Set when the wire has answered the call by its headers: it is told so that it can be counted and logged. Nothing can be
   * read and sent, and its end follows.
   */
  readonly refusal: CallRefusal | undefined;
  /** Whether an answer would still reach the caller. */
  readonly writable: boolean;
  /** Whether a message that is sent now has to wait, for the caller's window or for the socket. */
  readonly congested: boolean;

  /** Asks for one message. One that has already arrived is delivered before this returns. */
  read(): void;
  /**
   * Sends headers, once and before any message; without it they go with the first message. With an `encoding` that the
   * caller accepts, messages of a kibibyte and more are compressed, in zlib's threads.
   *
   * @throws {InvalidHeaderError} for a name or value that no header can have.
   */
  sendHeaders(metadata?: Metadata, encoding?: MessageEncoding): void;
  /**
   * Sends a message. Its bytes must not change afterwards, until `onTaken` is called: the socket has taken it, or the call
   * has ended before and the message is dropped. Whoever waits for that has a bounded number of messages under way. It is
   * called later, never from within, and not at all when the connection is lost while a part of the message is under way.
   */
  sendMessage(bytes: Uint8Array, onTaken?: () => void): void;
  /**
   * Sends the status, behind all messages, and ends the call.
   *
   * @throws {InvalidHeaderError} for a trailer that cannot be one.
   */
  sendStatus(code: number, message?: string, trailers?: Metadata): void;
  /** Ends the call with RST_STREAM instead of a status, for what no status can express. */
  reset(code: number): void;
}

/** An answer of the wire itself. */
export interface CallRefusal {
  /** The gRPC status. */
  readonly code: number;
  readonly message: string;
  /** The HTTP status, which is all that callers without gRPC see. */
  readonly httpStatus: number;
}

/** How a call ended; reported exactly once. */
export type CallEnd =
  /** Its status was handed to the socket, and the socket took it. */
  | { readonly how: 'status'; readonly code: number; readonly message: string }
  /** It was reset, with a code of RFC 9113, section 7, by the caller or by this side. */
  | { readonly how: 'reset'; readonly code: number; readonly by: 'peer' | 'self' }
  /** Its connection ended before the status was out. */
  | { readonly how: 'lost'; readonly reason: string };

/** Receives the events of a call. Its methods must not throw. */
export interface CallListener {
  /** A message that was asked for. It may share memory with others: copy what you keep for long. */
  onMessage(bytes: Buffer): void;
  /** All messages have been delivered, and no more will come. */
  onHalfClose(): void;
  /**
   * The wire has decided the status (deadline passed, message too large, connection shut down): what is sent from now on
   * is dropped, and the end follows.
   */
  onAnswered(code: number, message: string): void;
  /** The call is over. */
  onEnd(end: CallEnd): void;
}

/** A connection that carries calls. */
export interface ServedConnection {
  readonly socket: Duplex;
  /** `address:port` of the peer; empty where the byte stream has none. */
  readonly peer: string;
  /** The number of open calls. */
  readonly openStreams: number;
  /**
   * Asks the peer to make new calls elsewhere (GOAWAY in two steps); calls in flight, and those that it makes before it
   * has heard, are served. The connection closes after the last.
   */
  goAway(reason?: string): void;
  /**
   * Calls back when the peer has been told the last call that is taken (the second GOAWAY), or is gone: all that it had made
   * before have come. Whoever closes sooner may lose one.
   */
  whenDeparted(callback: () => void): void;
  /**
   * Ends every open call with UNAVAILABLE, takes no more, and closes once the statuses are out, for which there is
   * `closeTimeoutMs`.
   */
  close(): void;
  /** Cuts the connection. */
  destroy(): void;
  /** Calls back when the connection is gone; at once if it is. */
  onClose(callback: () => void): void;
}
