import { runInCall } from '../../rpc/current-call.js';
import type { BoundMethod } from '../call/bound-method.js';
import { RequestQueue } from './request-queue.js';
import { RequestStream } from './request-stream.js';
import { respondOnce } from './response-single.js';
import { respondWithStream } from './response-stream.js';
import type { ServerCall } from '../call/server-call.js';
import { SingleRequest } from './single-request.js';
import { answerWithStreamCall } from './stream-call.js';

/**
 * The four kinds: one of two requests (a message, a stream) and one of two responses. Runs the handler within Nest's
 * pipeline and sends what it returns; what it throws goes to `call.fail`.
 */
export function answer(call: ServerCall, bound: BoundMethod): void {
  if (bound.style === 'call') {
    if (call.handlerStarts()) answerWithStreamCall(call, bound);
  } else if (bound.method.requestStream) {
    runHandler(call, bound, new RequestStream(new RequestQueue(call)));
  } else {
    new SingleRequest(call, (request) => {
      call.forHandler.request = request;
      // Messages arrive in the context of the connection.
      runInCall(call, runHandler, call, bound, request);
    }).start();
  }
}

function runHandler(call: ServerCall, bound: BoundMethod, request: unknown): void {
  if (!call.handlerStarts()) return;
  bound.handler(request, call.metadata, call.forHandler).then(
    (result) => respond(call, bound, result),
    (error: unknown) => call.fail(error),
  );
}

function respond(call: ServerCall, bound: BoundMethod, result: unknown): void {
  try {
    if (bound.method.responseStream) respondWithStream(call, result);
    else respondOnce(call, bound, result);
  } catch (error) {
    call.fail(error);
  }
}
