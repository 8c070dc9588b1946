import { isObservable, type Observable } from 'rxjs';

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
