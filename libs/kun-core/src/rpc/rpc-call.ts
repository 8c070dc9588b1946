import type { Metadata, status as Status } from '@grpc/grpc-js';
import type { StatusError } from '../status/status-error.js';
import type { ContextKey, Routes, Tags } from './call-values.js';
import type { RpcMethod } from './rpc-method.js';

/** Sees each message as it passes: `in` was received, `out` is being sent. */
export type MessageObserver = (direction: 'in' | 'out', message: unknown) => void;

/** One RPC, as interceptors and code under a handler see it. */
export interface RpcCall {
  readonly side: 'server' | 'client';
  /** Always 1 on the server; in a client's retry each attempt is a call of its own, and this counts up. */
  readonly attempt: number;
  /** Frozen and created at start: the same object for every call of the method. */
  readonly method: RpcMethod;
  /** The request's metadata. */
  readonly metadata: Metadata;
  /** `address:port` of the other side. */
  readonly peer: string;
  /** Milliseconds since the epoch; `Infinity` when there is none. */
  readonly deadline: number;
  /** Milliseconds since the epoch at which the headers arrived. */
  readonly startedAt: number;
  /**
   * Aborts when nobody waits for the response any more: cancellation, deadline, lost connection, forced stop. Created
   * on first read.
   */
  readonly signal: AbortSignal;
  /** Aborts when shutdown begins: a stream that can end should end now. */
  readonly draining: AbortSignal;
  /** Empty until the request id is known. */
  requestId: string;
  /** Short facts about the call that are added to its log lines and its span. Created on first read. */
  readonly tags: Tags;
  /**
   * The routes of the call, such as `{ AccountId: '42' }`: on the server those of the caller that are on the
   * allow-list, on a client all that are sent. Frozen; set only by the server's `routes` interceptor. To change what a
   * call sends, use `routes.with(...)` or the call's own options.
   */
  routes: Routes;
  /** The number of messages received and sent so far. */
  readonly received: number;
  readonly sent: number;
  /** How the call ended, once it has. */
  readonly ending: Ending | undefined;
  /** Metadata sent before the first message (or with the status, when there is no message). Created on first read. */
  readonly responseMetadata: Metadata;
  /**
   * Metadata sent with the status, after the last message: set it on the server; on a client available once received.
   */
  readonly responseTrailers: Metadata;
  /** Registers an observer of messages; free of cost while there is none. */
  onMessage(observer: MessageObserver): void;
  /**
   * Registers a callback for the end: called exactly once, immediately if the call has already ended. An observer that takes
   * the call from its second argument need not be created for each call.
   */
  onEnd(observer: EndObserver): void;
  /** Ends the call with an error, whatever its handler does; no effect if a status was already sent. */
  end(error: StatusError): void;
  /**
   * Creates another attempt at the same call, for a client's retry: `next(call.nextAttempt())`. The attempt is counted
   * and ended separately; this call ends when the chain is done with it.
   *
   * @throws {TypeError} when called on the server, where there is only one attempt.
   */
  nextAttempt(): RpcCall;
  /**
   * Whether an attempt's response has begun to reach the caller, so that no other attempt may follow: a response
   * message has been delivered, or the request is a stream, which cannot be sent twice.
   */
  readonly committed: boolean;
  get<T>(key: ContextKey<T>): T;
  set<T>(key: ContextKey<T>, value: T): void;
}

/** Told how a call ended. */
export type EndObserver = (ending: Ending, call: RpcCall) => void;

/**
 * How an RPC ended. Determined in one place, from what went over the wire, so that log line, span and counter always
 * agree with what the other side saw.
 */
export interface Ending {
  readonly code: Status;
  /** The status message; empty for OK. */
  readonly message: string;
  /** The error behind a code other than OK, with its cause, if it originated on this side. */
  readonly error?: StatusError | undefined;
  /**
   * What ended the call: `status`, a status was sent (server) or received (client); `reset`, the stream was reset
   * first, on a server by the other side, on a client by this one; `connection`, the connection was lost first.
   */
  readonly cause: 'status' | 'reset' | 'connection';
  /** Milliseconds from the headers to the end. */
  readonly durationMs: number;
}
