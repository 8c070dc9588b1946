import type { Clock } from '../../clock.js';
import type { RpcCall } from '../../rpc/rpc-call.js';
import type { OnLeftOut } from '../../transport/outgoing-metadata.js';
import type { OpenCall, OpenCalls } from '../../rpc/open-calls.js';

/** What the calls of one server share. */
export interface CallEnvironment<T extends OpenCall = OpenCall> {
  readonly clock: Clock;
  readonly draining: AbortSignal;
  readonly openCalls: OpenCalls<T>;
  /** Told what code under a call threw when nobody could be answered any more. */
  readonly onLateError: (call: RpcCall, error: unknown) => void;
  /** Told of metadata that cannot be sent. */
  readonly onLeftOut: OnLeftOut;
}

/** Receives the request's messages, in the order of the wire. */
export interface RequestReader {
  message(message: unknown): void;
  halfClose(): void;
  /** No more will come: the call ended before the caller half-closed. */
  cancelled(): void;
}
