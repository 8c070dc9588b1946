import { status as Code } from '@grpc/grpc-js';
import { isObservable, type Observable } from 'rxjs';
import { StatusError } from '../../status/status-error.js';
import type { BoundMethod } from '../call/bound-method.js';
import type { ServerCall } from '../call/server-call.js';
import { isAsyncIterable, toResponseSource } from './response-source.js';
import { type PumpTarget, ResponsePump } from './response-pump.js';

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

/**
 * What an Observable, which cannot be told to wait, may have waiting for a slow reader before its call is ended with
 * RESOURCE_EXHAUSTED. An AsyncIterable is pulled and never gets there.
 */
const OBSERVABLE_MAX_WAITING_BYTES = 16 * 1024 * 1024;

/** Answers a server-streaming or bidirectional call with what its handler returned. */
export function respondWithStream(call: ServerCall, result: unknown): void {
  const source = toResponseSource(result);
  if (isObservable(source)) {
    pushFrom(source, call);
    return;
  }
  const iterator = isAsyncIterable(source) ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  const pump = new ResponsePump(iterator, pumpTarget(call));
  call.onAbandoned(() => {
    call.window.release();
    pump.stop();
  });
  pump.done.then(
    () => call.succeed(),
    (error: unknown) => call.fail(error),
  );
}

function pushFrom(source: Observable<unknown>, call: ServerCall): void {
  const { window } = call;
  // What another's interceptor passes on as one value: its messages are sent in its place.
  let pump: ResponsePump | undefined;
  let pumped: Promise<void> = Promise.resolve();
  // A synchronous source emits before there is a subscription to end.
  const stop = () => queueMicrotask(() => subscription.unsubscribe());
  const fail = (error: unknown) => {
    stop();
    call.fail(error);
  };
  const subscription = source.subscribe({
    next(value) {
      if (isAsyncIterable(value)) {
        pumped = pumped.then(
          () => (pump = new ResponsePump(value[Symbol.asyncIterator](), pumpTarget(call))).done,
        );
        pumped.catch(fail);
        return;
      }
      try {
        window.send(value);
      } catch (error) {
        fail(error);
      }
      if (window.bytesInFlight > OBSERVABLE_MAX_WAITING_BYTES) fail(tooSlow(call, window.bytesInFlight));
    },
    error: fail,
    complete: () => void pumped.then(() => call.succeed(), ignore),
  });
  call.onAbandoned(() => {
    window.release();
    subscription.unsubscribe();
    pump?.stop();
    void pumped
      .catch(ignore)
      .then(() => call.produced)
      .then(() => call.handlerDone());
  });
}

/** The call itself, as somewhere to pump to. */
function pumpTarget(call: ServerCall): PumpTarget {
  const { window } = call;
  return {
    get open() {
      return call.writable;
    },
    get full() {
      return window.full;
    },
    send: (message) => window.send(message),
    whenOpen: () => window.whenOpen(),
  };
}

function tooSlow(call: ServerCall, waitingBytes: number): StatusError {
  const path = call.method.path;
  return new StatusError(
    Code.RESOURCE_EXHAUSTED,
    `the caller of ${path} reads too slowly: ${waitingBytes} bytes wait to be sent`,
  );
}

function ignore(): void {}
