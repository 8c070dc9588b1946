import { status as Code } from '@grpc/grpc-js';
import { isObservable, take } from 'rxjs';
import { StatusError } from '../../status/status-error.js';
import type { BoundMethod } from '../call/bound-method.js';
import type { ServerCall } from '../call/server-call.js';
import {
  answerTo,
  CallTarget,
  DirectAnswer,
  directAnswer,
  iteratorOf,
  PulledAnswer,
  type Iterated,
  type Pipeline,
} from './pulled-answer.js';
import { PushedAnswer } from './pushed-answer.js';
import { type PumpTarget, ResponsePump } from './response-pump.js';

/**
 * Answers a unary or client-streaming call with what its handler returned: a message, or an Observable or AsyncIterable
 * whose first message counts. No message is INTERNAL, unless the response type has no fields.
 */
export function respondOnce(call: ServerCall, bound: BoundMethod, result: unknown): void {
  if (isObservable(result)) {
    let answered = false;
    const subscription = result.pipe(take(1)).subscribe({
      next: (message) => {
        answered = true;
        sendOnly(call, bound, message);
      },
      error: (error) => answered || call.fail(error),
      complete: () => answered || sendOnly(call, bound, undefined),
    });
    call.onAbandoned(() => {
      subscription.unsubscribe();
      void call.produced.then(() => call.handlerDone());
    });
  } else if (isAsyncIterable(result)) {
    firstOf(result).then(
      (message) => sendOnly(call, bound, message),
      (error) => call.fail(error),
    );
  } else {
    sendOnly(call, bound, result);
  }
}

function sendOnly(call: ServerCall, bound: BoundMethod, message: unknown): void {
  if (message === undefined || message === null) {
    if (!bound.emptyResponse) {
      call.fail(new StatusError(Code.INTERNAL, `the handler of ${call.method.path} returned no response`));
      return;
    }
    message = {};
  }
  try {
    call.send(message, ignoreFlush);
    call.succeed();
  } catch (error) {
    call.fail(error);
  }
}

function ignoreFlush(): void {}

async function firstOf(source: AsyncIterable<unknown>): Promise<unknown> {
  for await (const message of source) return message;
  return undefined;
}

/**
 * Answers a server-streaming or bidirectional call with what its handler returned: a stream of messages, an array, a
 * single message, or nothing, which is an empty stream.
 */
export function respondWithStream(call: ServerCall, result: unknown): void {
  if (isObservable(result)) {
    const direct = directAnswer(result, call);
    if (direct?.iterated) pullDirectly(direct.iterated, direct.pipeline, call);
    else if (direct) new PushedAnswer(call, direct.pipeline).start(direct.source);
    else new PushedAnswer(call).start(result);
    return;
  }
  const one = result === undefined || result === null ? [] : [result];
  const source = isAsyncIterable(result) || isIterable(result) ? result : one;
  pullFrom(source, call, intoWindow(call), (error) => call.fail(error));
}

function pullDirectly(iterated: Iterated, pipeline: Pipeline, call: ServerCall): void {
  const { window } = call;
  let misfit = false;
  const target = new CallTarget(call, (message) => {
    try {
      window.send(message);
    } catch (error) {
      // The response is invalid but no handler threw: filters are not consulted, and the generator's cleanup is not
      // awaited.
      misfit = true;
      call.fail(error);
      throw error;
    }
  });
  pullFrom(iterated, call, target, (error) => {
    if (misfit) return;
    // When the caller no longer waits, filters are not consulted.
    if (call.writable) new PushedAnswer(call).start(answerTo(error, pipeline));
    else call.handlerDone();
  });
}

function intoWindow(call: ServerCall): PumpTarget {
  const { window } = call;
  return new CallTarget(call, (message) => window.send(message));
}

function pullFrom(
  source: Iterated,
  call: ServerCall,
  target: PumpTarget,
  onError: (error: unknown) => void,
): void {
  const pump = new ResponsePump(iteratorOf(source), target);
  call.onAbandoned(() => {
    call.releaseWindow();
    pump.stop();
  });
  pump.done.then(() => call.succeed(), onError);
}

/**
 * Converts a handler's result to the form that Nest's interceptors and filters treat as a stream: a generator or an
 * array becomes an Observable. `intercepted` says whether there are interceptors, which see each message.
 */
export function forPipeline(result: unknown, call: ServerCall, intercepted: boolean): unknown {
  if (typeof result !== 'object' || result === null || isObservable(result)) return result;
  const { requestStream, responseStream } = call.method;
  // A single response is a message, never an array.
  if (!isAsyncIterable(result) && !(responseStream && isIterable(result))) return result;
  const direct = responseStream && !requestStream && !intercepted;
  return direct ? new DirectAnswer(result, call) : new PulledAnswer(result, call);
}

/** Whether a handler's result is iterated asynchronously (an async generator, a Node stream). */
function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

/** Whether the value is an array or a generator, which a message never is. */
function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value;
}
