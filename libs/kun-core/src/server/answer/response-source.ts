import { isObservable, Observable } from 'rxjs';
import type { ServerCall } from '../call/server-call.js';
import { type PumpTarget, ResponsePump } from './response-pump.js';

/** Whether a handler's result is iterated asynchronously (an async generator, a Node stream). */
export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

/** Whether it is a list or a generator: a message never is. */
export function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value;
}

/** What a streaming handler may return. */
export type ResponseSource = Observable<unknown> | AsyncIterable<unknown> | Iterable<unknown>;

/** A stream of messages, or a single message as a stream of one; nothing as a stream of none. */
export function toResponseSource(result: unknown): ResponseSource {
  if (isObservable(result) || isAsyncIterable(result) || isIterable(result)) return result;
  return result === undefined || result === null ? [] : [result];
}

/**
 * The messages of a generator or a list as an Observable, which Nest's interceptors and filters take for a stream. It is
 * pulled no faster than the caller of the call reads, whatever operators stand between.
 */
function responseObservable(
  source: AsyncIterable<unknown> | Iterable<unknown>,
  call: ServerCall,
): Observable<unknown> {
  return new Observable((subscriber) => {
    const { window } = call;
    const target: PumpTarget = {
      get open() {
        return call.writable && !subscriber.closed;
      },
      get full() {
        return window.full;
      },
      send: (message) => subscriber.next(message),
      whenOpen: () => window.whenOpen(),
    };
    const iterator = isAsyncIterable(source) ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
    const pump = new ResponsePump(iterator, target);
    call.produces(pump.done);
    pump.done.then(
      () => subscriber.complete(),
      (error: unknown) => subscriber.error(error),
    );
    return () => pump.stop();
  });
}

/** What a handler returned, in the form that Nest's pipeline sees message by message. */
export function forPipeline(result: unknown, call: ServerCall): unknown {
  if (isObservable(result)) return result;
  if (isAsyncIterable(result)) return responseObservable(result, call);
  // A single response is a message and no list.
  return call.method.responseStream && isIterable(result) ? responseObservable(result, call) : result;
}
