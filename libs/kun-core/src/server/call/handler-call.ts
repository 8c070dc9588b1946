import { EventEmitter } from 'node:events';
import type { Deadline, Metadata } from '@grpc/grpc-js';
import type { RpcCall } from '../../rpc/rpc-call.js';
import type { AuthContext, MetricsRecorder, WireCall } from './wire-call.js';

/** What it needs of the call. */
interface Answerable extends Pick<RpcCall, 'metadata' | 'peer' | 'deadline' | 'method' | 'responseMetadata'> {
  readonly writable: boolean;
  readonly wire: WireCall;
  sendHeaders(): void;
}

/**
 * The third argument of a handler: what Nest's users know of grpc-js' `ServerUnaryCall` and its siblings, for all four
 * kinds. `currentCall()` gives more (request id, tags, signal), and from everywhere.
 *
 * `cancelled` is emitted once, when nobody waits for the answer any more.
 */
export class HandlerCall extends EventEmitter {
  /** The request of a unary or server-streaming call. */
  request: unknown;
  // Private to the language: nothing that copies or prints the object walks into the server.
  readonly #call: Answerable;

  constructor(call: Answerable) {
    super();
    this.#call = call;
  }

  get metadata(): Metadata {
    return this.#call.metadata;
  }

  /** Whether nobody waits for the answer any more. */
  get cancelled(): boolean {
    return !this.#call.writable;
  }

  getPeer(): string {
    return this.#call.peer;
  }

  /** `Infinity` when the caller set none. */
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
   * What the handler says of its load, for the caller (gRPC's A51).
   *
   * @throws {TypeError} when the process made the call to itself.
   */
  getMetricsRecorder(): MetricsRecorder {
    return this.#call.wire.metricsRecorder;
  }

  /** Sends the response's metadata now; without effect once a message went out. */
  sendMetadata(metadata: Metadata): void {
    this.#call.responseMetadata.merge(metadata);
    this.#call.sendHeaders();
  }
}
