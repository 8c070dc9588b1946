import type { ServerDuplexStream, ServerReadableStream, ServerUnaryCall } from '@grpc/grpc-js';
import { expectTypeOf, it } from 'vitest';
import type { HandlerSurface } from '../call/handler-surface.js';
import type { HandlerStream } from './handler-stream.js';

interface Note {
  readonly text: string;
}

it("is grpc-js' own, as its types have it", () => {
  expectTypeOf<HandlerSurface & { request: Note }>().toExtend<ServerUnaryCall<Note, Note>>();
  expectTypeOf<HandlerStream>().toExtend<ServerReadableStream<unknown, unknown>>();
  expectTypeOf<HandlerStream>().toExtend<ServerDuplexStream<unknown, unknown>>();
});
