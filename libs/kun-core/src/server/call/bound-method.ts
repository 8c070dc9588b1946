import type { RpcMethod } from '../../rpc/rpc-method.js';

/** Nest's pipeline around a handler: guards, pipes, interceptors, the handler, filters. */
export type NestHandler = (...args: unknown[]) => Promise<unknown>;

/** Bytes to message and back, as the proto says; either throws on what does not fit. */
export interface MessageCodec {
  deserializeRequest(bytes: Buffer): unknown;
  serializeResponse(message: unknown): Buffer;
  /**
   * Whether nobody has the memory of large bytes besides whoever has the bytes: a request is no view of them, and a
   * response is in memory of its own. Default: false
   */
  readonly ownMemory?: boolean | undefined;
}

/** A method and who answers it; made once at start. */
export interface BoundMethod {
  readonly method: RpcMethod;
  readonly codec: MessageCodec;
  readonly handler: NestHandler;
  /** `call` for `@GrpcStreamCall`, whose handler gets the duplex stream itself. */
  readonly style: 'message' | 'call';
  /** Whether the response message has no field, so that a handler that returns nothing has said it all. */
  readonly emptyResponse: boolean;
  /** Looks at a request when guards have let it pass. @throws {StatusError} for one that must not reach the handler. Default: all may. */
  readonly check?: (message: unknown) => void;
  /** What an error means that a stream's handler gave to its callback, or emitted. Default: Nest's reading of it */
  readonly readError?: (error: unknown) => unknown;
}
