import { status as Code } from '@grpc/grpc-js';
import { runInCall } from '../../rpc/current-call.js';
import type { CallHandler } from '../../rpc/interceptor.js';
import { StatusError } from '../../status/status-error.js';
import type { BoundMethod } from '../call/bound-method.js';
import type { ServerCall } from '../call/server-call.js';
import type { RequestReader } from '../call/call-environment.js';
import { RequestQueue } from './request-queue.js';
import { RequestStream } from './request-stream.js';
import { respondOnce, respondWithStream } from './respond.js';
import { answerWithStream } from './handler-stream.js';

/** The innermost handler of a server's chain. */
export const answerCall: CallHandler = (call) => {
  const serverCall = call as ServerCall;
  const settled = serverCall.settled();
  if (serverCall.bound && !serverCall.ending) answer(serverCall, serverCall.bound);
  return settled;
};

/**
 * Answers a call of any of the four kinds: a single request or a stream, with a single response or a stream. Runs the
 * handler inside Nest's pipeline and sends what it returns; what it throws goes to `call.fail`.
 */
function answer(call: ServerCall, bound: BoundMethod): void {
  if (bound.style === 'call' && bound.method.requestStream) {
    if (call.handlerStarts()) answerWithStream(call, bound);
  } else if (bound.method.requestStream) {
    runHandler(call, bound, new RequestStream(new RequestQueue(call)));
  } else {
    new SingleRequest(call, (request) => {
      // Messages arrive in the async context of the connection.
      runInCall(call, runHandler, call, bound, request);
    }).start();
  }
}

function runHandler(call: ServerCall, bound: BoundMethod, request: unknown): void {
  if (!call.handlerStarts()) return;
  if (bound.style === 'call') {
    answerWithStream(call, bound, request);
    return;
  }
  if (!bound.method.requestStream) call.forHandler.request = request;
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

/** Reads the single request of a unary or server-streaming call and passes it on at the caller's half-close. */
class SingleRequest implements RequestReader {
  private request: unknown;
  private arrived = false;

  constructor(
    private readonly call: ServerCall,
    private readonly onRequest: (request: unknown) => void,
  ) {}

  start(): void {
    this.call.readWith(this);
    this.call.pull();
  }

  message(message: unknown): void {
    if (this.arrived) {
      this.refuse('sent a second request message');
      return;
    }
    this.arrived = true;
    this.request = message;
    this.call.pull();
  }

  halfClose(): void {
    const { request } = this;
    // The call outlives its handler while the response waits for a slow reader, so it must not keep the request alive.
    this.request = undefined;
    if (this.arrived) this.onRequest(request);
    else this.refuse('sent no request message');
  }

  cancelled(): void {
    // No handler has been started, so there is nobody to notify; the call drops a request that arrives now.
  }

  /** UNIMPLEMENTED is what other gRPC servers answer to a wrong number of messages. */
  private refuse(what: string): void {
    this.call.end(new StatusError(Code.UNIMPLEMENTED, `the caller of ${this.call.method.path} ${what}`));
  }
}
