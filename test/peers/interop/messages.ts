import type { CallOptions } from '@kun/core';

/** The messages of `interop.proto`. */
export interface Payload {
  readonly type?: string;
  readonly body: Buffer;
}

export interface EchoStatus {
  readonly code: number;
  readonly message: string;
}

export interface SimpleRequest {
  readonly response_size?: number;
  readonly payload?: Payload | null;
  readonly response_status?: EchoStatus | null;
}

export interface OutputRequest {
  readonly response_parameters?: ReadonlyArray<{ readonly size: number }>;
  readonly payload?: Payload | null;
  readonly response_status?: EchoStatus | null;
}

export interface InputRequest {
  readonly payload: Payload;
}

export interface Answer {
  readonly payload: Payload;
}

/** The typed client of `TestService`. */
export interface TestServiceClient {
  emptyCall(request: object, options?: CallOptions): Promise<object>;
  unaryCall(request: SimpleRequest, options?: CallOptions): Promise<Answer>;
  streamingOutputCall(request: OutputRequest, options?: CallOptions): AsyncIterable<Answer>;
  streamingInputCall(
    requests: AsyncIterable<InputRequest>,
    options?: CallOptions,
  ): Promise<{ readonly aggregated_payload_size: number }>;
  fullDuplexCall(requests: AsyncIterable<OutputRequest>, options?: CallOptions): AsyncIterable<Answer>;
}

export const ECHO_INITIAL = 'x-grpc-test-echo-initial';
export const ECHO_TRAILING = 'x-grpc-test-echo-trailing-bin';

export function payloadOf(size: number): Payload {
  return { type: 'COMPRESSABLE', body: Buffer.alloc(size) };
}
