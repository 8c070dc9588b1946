import { isObservable, Observable } from 'rxjs';
import { ResponsePump, type PumpTarget } from './response-pump.js';
import { isAsyncIterable, isIterable } from './response-source.js';
import type { ServerCall } from '../call/server-call.js';

/**
 * The messages of a generator or a list as an Observable, which Nest's interceptors and filters take for a stream. It is
 * pulled no faster than the caller of the call reads, whatever operators stand between.
 */
export function responseObservable(
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
