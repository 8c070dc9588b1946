import { status as Code } from '@grpc/grpc-js';
import type { RpcMethod } from '../../rpc/rpc-method.js';
import { StatusError } from '../../status/status-error.js';

/** Nest's pipeline around a handler: guards, pipes, interceptors, the handler, filters. */
export type NestHandler = (...args: unknown[]) => Promise<unknown>;

/** Bytes to message and back, as the proto says; either throws on what does not fit. */
export interface MessageCodec {
  deserializeRequest(bytes: Buffer): unknown;
  serializeResponse(message: unknown): Buffer;
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
}

/** @throws {StatusError} INTERNAL when the message does not fit the proto. */
export function encodeResponse({ codec, method }: BoundMethod, message: unknown): Buffer {
  try {
    return codec.serializeResponse(message);
  } catch (cause) {
    throw new StatusError(Code.INTERNAL, `the response of ${method.path} does not fit its proto`, { cause });
  }
}

/** The message, or INTERNAL as grpc-js and gRPC's C core say it of bytes that are no such message. */
export function decodeRequest(
  { codec, method }: BoundMethod,
  bytes: Buffer,
): { message?: unknown; error?: StatusError } {
  try {
    return { message: codec.deserializeRequest(bytes) };
  } catch (cause) {
    return {
      error: new StatusError(Code.INTERNAL, `the request of ${method.path} could not be parsed`, { cause }),
    };
  }
}
