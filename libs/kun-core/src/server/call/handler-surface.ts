import { EventEmitter } from 'node:events';
import type { Deadline, Metadata } from '@grpc/grpc-js';
import type { RpcCall } from '../../rpc/rpc-call.js';
import type { AuthContext, MetricsRecorder, WireCall } from './wire-call.js';

/** What a {@link HandlerSurface} needs of the call. */
interface Answerable extends Pick<RpcCall, 'metadata' | 'peer' | 'deadline' | 'method' | 'responseMetadata'> {
  readonly writable: boolean;
  readonly wire: WireCall;
  sendHeaders(): void;
}

/**
 * The third argument of a handler: the surface of grpc-js' `ServerUnaryCall` and its siblings that Nest users know, for
 * all four kinds. `currentCall()` offers more (request id, tags, signal), anywhere.
 *
 * `cancelled` is emitted once, when the caller no longer waits for the response.
 */
export class HandlerSurface extends EventEmitter {
  /** The request of a unary or server-streaming call. */
  request: unknown;
  // A #private field, so that nothing that copies or prints the object reaches the server's internals.
  readonly #call: Answerable;

  constructor(call: Answerable) {
    super();
    // Created again by the first listener: most handlers have none, and the empty table is as large as the rest.
    Object.assign(this, { _events: undefined });
    this.#call = call;
  }

  get metadata(): Metadata {
    return this.#call.metadata;
  }

  /** Whether the caller no longer waits for the response. */
  get cancelled(): boolean {
    return !this.#call.writable;
  }

  getPeer(): string {
    return this.#call.peer;
  }

  /** `Infinity` when the caller set no deadline. */
  getDeadline(): Deadline {
    return this.#call.deadline;
  }

  getPath(): string {
    return this.#call.method.path;
  }

  getHost(): string {
    return this.#call.wire.host;
  }

  getAuthContext(): AuthContext {
    return this.#call.wire.authContext;
  }

  /**
   * Records the load that is reported to the caller (gRFC A51).
   *
   * @throws {TypeError} when the process made the call to itself.
   */
  getMetricsRecorder(): MetricsRecorder {
    return this.#call.wire.metricsRecorder;
  }

  /** Sends the initial metadata now; no effect once a message was sent. */
  sendMetadata(metadata: Metadata): void {
    this.#call.responseMetadata.merge(metadata);
    this.#call.sendHeaders();
  }
}
