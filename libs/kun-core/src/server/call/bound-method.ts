import type { RpcMethod } from '../../rpc/rpc-method.js';

/** Nest's pipeline around a handler: guards, pipes, interceptors, the handler, filters. */
export type NestHandler = (...args: unknown[]) => Promise<unknown>;

/** Encodes and decodes messages as the proto says; either throws on a mismatch. */
export interface MethodCodec {
  deserializeRequest(bytes: Buffer): unknown;
  serializeResponse(message: unknown): Buffer;
  /**
   * Whether large byte arrays are never shared: a decoded request is no view of them, and an encoded response has
   * memory of its own. Default: false
   */
  readonly ownMemory?: boolean | undefined;
}

/** A method and its handler; created once at start. */
export interface BoundMethod {
  readonly method: RpcMethod;
  readonly codec: MethodCodec;
  readonly handler: NestHandler;
  /** `call` for `@GrpcStreamCall`, whose handler receives the duplex stream itself. */
  readonly style: 'message' | 'call';
  /** Whether the response type has no fields, so that a handler may return nothing. */
  readonly emptyResponse: boolean;
  /**
   * Validates a request after the guards. @throws {StatusError} for one that must not reach the handler. Default: no
   * validation
   */
  readonly check?: (message: unknown) => void;
  /** Converts an error that a stream handler passed to its callback or emitted. Default: as for Nest handlers */
  readonly readError?: (error: unknown) => unknown;
}
