import type { Clock } from '../../clock.js';
import type { RpcCall } from '../../rpc/rpc-call.js';
import type { OnLeftOut } from '../../transport/outgoing-metadata.js';
import type { OpenCall, OpenCalls } from '../../rpc/open-calls.js';

/** What all calls of a server share. */
export interface CallEnvironment<T extends OpenCall = OpenCall> {
  readonly clock: Clock;
  readonly draining: AbortSignal;
  readonly openCalls: OpenCalls<T>;
  /** Called with what code under a call threw when the caller could no longer be answered. */
  readonly onLateError: (call: RpcCall, error: unknown) => void;
  /** Called with metadata that cannot be sent. */
  readonly onLeftOut: OnLeftOut;
}

/** Receives the request's messages in wire order. */
export interface RequestReader {
  message(message: unknown): void;
  halfClose(): void;
  /** No more messages will arrive: the call ended before the caller half-closed. */
  cancelled(): void;
}
