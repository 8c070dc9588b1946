import type { Metadata, status as Status } from '@grpc/grpc-js';
import type { StatusError } from '../status/status-error.js';
import type { ContextKey, Routes, Tags } from './call-values.js';
import type { RpcMethod } from './rpc-method.js';

/** Sees each message as it passes: `in` came from the other side, `out` goes there. */
export type MessageObserver = (direction: 'in' | 'out', message: unknown) => void;

/** One RPC, as interceptors and code under a handler see it. */
export interface RpcCall {
  readonly side: 'server' | 'client';
  /** 1 on the server; counts up in a client's retry, where each attempt is a call of its own. */
  readonly attempt: number;
  /** Frozen and made at start: the same object for every call of the method. */
  readonly method: RpcMethod;
  /** The request's metadata. */
  readonly metadata: Metadata;
  /** `address:port` of the other side. */
  readonly peer: string;
  /** Milliseconds since the epoch; `Infinity` when there is none. */
  readonly deadline: number;
  /** Milliseconds since the epoch at which the headers arrived. */
  readonly startedAt: number;
  /** Aborts when nobody waits for the answer any more: cancel, deadline, lost connection, forced stop. Made on first read. */
  readonly signal: AbortSignal;
  /** Aborts when shutdown begins: a stream that can leave should leave now. */
  readonly draining: AbortSignal;
  /** Empty until the request id is known. */
  requestId: string;
  /** Short facts about the call that go with its log lines and its span. Made on first read. */
  readonly tags: Tags;
  /**
   * The routes that go with the call, as `{ AccountId: '42' }`: those of the caller that are on the allow-list on the
   * server, all that are sent on a client. Frozen; set by the server's `routes` interceptor, and never by others: what a
   * call is to send is said with `routes.with(...)` or for the call itself.
   */
  routes: Routes;
  /** Messages received and sent so far. */
  readonly received: number;
  readonly sent: number;
  /** How the call ended, once it has. */
  readonly ending: Ending | undefined;
  /** Metadata that goes out before the first message (or with the status, when there is none). Made on first read. */
  readonly responseMetadata: Metadata;
  /** Metadata that goes with the status, after the last message: to be set on the server; on a client once it has come. */
  readonly responseTrailers: Metadata;
  /** Registers an observer of messages; costs nothing while there is none. */
  onMessage(observer: MessageObserver): void;
  /** Registers what to do at the end: called exactly once, at once when the call has ended already. */
  onEnd(observer: (ending: Ending) => void): void;
  /** Ends the call with an error, whatever its handler does; without effect when a status was sent before. */
  end(error: StatusError): void;
  /**
   * Another attempt at the same call, for a client's retry: `next(call.nextAttempt())`. The attempt counts and ends for
   * itself; this call ends when the chain is through with it.
   *
   * @throws {TypeError} when called on the server, where there is one attempt.
   */
  nextAttempt(): RpcCall;
  /**
   * Whether an attempt's answer has begun to reach the caller, so that no other may follow: a response message has been
   * handed over, or the request is a stream, which cannot be sent twice.
   */
  readonly committed: boolean;
  get<T>(key: ContextKey<T>): T;
  set<T>(key: ContextKey<T>, value: T): void;
}

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
