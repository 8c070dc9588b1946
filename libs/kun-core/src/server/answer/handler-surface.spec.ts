import type { ServerDuplexStream, ServerReadableStream, ServerUnaryCall } from '@grpc/grpc-js';
import { expectTypeOf, it } from 'vitest';
import type { HandlerCall } from '../call/handler-call.js';
import type { HandlerStream } from './handler-stream.js';

interface Note {
  readonly text: string;
}

it("is grpc-js' own, as its types have it", () => {
  expectTypeOf<HandlerCall & { request: Note }>().toExtend<ServerUnaryCall<Note, Note>>();
  expectTypeOf<HandlerStream>().toExtend<ServerReadableStream<unknown, unknown>>();
  expectTypeOf<HandlerStream>().toExtend<ServerDuplexStream<unknown, unknown>>();
});
