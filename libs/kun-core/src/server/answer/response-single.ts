import { status as Code } from '@grpc/grpc-js';
import { isObservable } from 'rxjs';
import { StatusError } from '../../status/status-error.js';
import { isAsyncIterable } from './response-source.js';
import type { BoundMethod } from '../call/bound-method.js';
import type { ServerCall } from '../call/server-call.js';

/**
 * Answers a unary or client-streaming call with what its handler returned: a message, or an Observable or AsyncIterable
 * of which the first message counts. None at all is INTERNAL, except where the message has no field to fill.
 */
export function respondOnce(call: ServerCall, bound: BoundMethod, result: unknown): void {
  if (isObservable(result)) {
    let answered = false;
    const subscription = result.subscribe({
      next: (message) => {
        if (answered) return;
        answered = true;
        sendOnly(call, bound, message);
        // A synchronous source emits before there is a subscription to end; see below.
        queueMicrotask(() => subscription.unsubscribe());
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
