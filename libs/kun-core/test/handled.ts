import { status as Code, type sendUnaryData } from '@grpc/grpc-js';
import { answerWithStream, type HandlerStream } from '../src/server/answer/handler-stream.js';
import type { BoundMethod } from '../src/server/call/bound-method.js';
import { opened, type OpenedOptions } from './opened-call.js';

type Handler = (stream: HandlerStream, callback: sendUnaryData<unknown>) => unknown;

/** A handler that gets the stream, of a bidirectional call unless told otherwise. */
export function handled(handler: Handler, options: OpenedOptions & { request?: unknown } = {}) {
  const asked = { times: 0 };
  const wired = opened({
    requestStream: options.request === undefined,
    responseStream: true,
    ...options,
    wire: { read: () => void asked.times++, ...options.wire },
    bound: {
      style: 'call',
      handler: (async (...args: Parameters<Handler>) => handler(...args)) as BoundMethod['handler'],
      ...options.bound,
    },
  });
  const { call, bound } = wired;
  call.handlerStarts();
  const thrown = call.settled();
  thrown.catch(() => undefined);
  answerWithStream(call, bound, options.request);
  return {
    ...wired,
    asked,
    thrown,
    send: (text: string) => call.messageArrived(Buffer.from(text)),
    leave: () => call.finish({ code: Code.CANCELLED, message: '', cause: 'reset' }),
  };
}

/** A handler that only keeps its stream. */
export function streamOf(options: Parameters<typeof handled>[1] = {}) {
  let stream!: HandlerStream;
  let callback!: sendUnaryData<unknown>;
  const all = handled((...given) => void ([stream, callback] = given), options);
  return { ...all, stream, callback };
}
