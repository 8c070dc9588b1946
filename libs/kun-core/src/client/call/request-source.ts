import { isObservable, type Observable, type Subscription } from 'rxjs';
import { CallArgumentError, describeArgument } from './call-argument-error.js';
import { MessageQueue } from './message-queue.js';

/**
 * A stream of requests: what can be read with `for await` (async generators, Node's and the web's readable streams), an
 * array or another iterable, an Observable.
 */
export type RequestMessages<T> = AsyncIterable<T> | Iterable<T> | Observable<T>;

/**
 * A stream of requests as a call uses it. The call owns it: once it was taken over it is finished, however the call
 * ends, and also when the call is never made.
 */
export interface RequestSource {
  /**
   * Starts to read.
   *
   * @throws {unknown} when the stream cannot be read.
   */
  read(): AsyncIterator<unknown>;
  /** Nobody reads any more. Never throws; a generator that waits just then ends when its wait is over. */
  finish(): void;
}

/**
 * Checks what was given for a stream of requests.
 *
 * @throws {CallArgumentError} when it is none, saying what it is.
 */
export function requestSource(method: string, given: unknown): RequestSource {
  if (isObservable(given)) return new Source(given, () => readObservable(given));
  if (given instanceof ReadableStream) return new Source(given, () => readWebStream(given));
  if (isAsyncIterable(given)) return new Source(given, () => given[Symbol.asyncIterator]());
  if (isIterable(given)) return new Source(given, () => readIterable(given));
  const expected = 'expected a stream of messages (an async iterable, an array, an Observable)';
  throw new CallArgumentError(
    method,
    'request',
    `${expected}, found ${describeArgument(given)}${remedyFor(given)}`,
  );
}

/**
 * Checks what was given for a single message, whose fields are the codec's to check.
 *
 * @throws {CallArgumentError} when it is no object, or a stream of messages.
 */
export function singleRequest(method: string, given: unknown): unknown {
  const stream = isObservable(given) || isAsyncIterable(given) || Array.isArray(given);
  if (typeof given === 'object' && given !== null && !stream && !isPromise(given)) return given;
  const found = isPromise(given)
    ? 'a promise; await it'
    : stream
      ? 'a stream of them'
      : describeArgument(given);
  const remedy = given === undefined || given === null ? '; an empty one is {}' : '';
  throw new CallArgumentError(method, 'request', `expected one message, found ${found}${remedy}`);
}

class Source implements RequestSource {
  private iterator: AsyncIterator<unknown> | undefined;
  private finished = false;

  constructor(
    private readonly given: object,
    private readonly open: () => AsyncIterator<unknown>,
  ) {}

  read(): AsyncIterator<unknown> {
    return (this.iterator = this.open());
  }

  finish(): void {
    if (this.finished) return;
    this.finished = true;
    // A generator that was never read is its own iterator; any other iterable has nothing to finish yet.
    attempt(this.iterator ?? this.given, 'return');
    // Node's iterator would wait for the next chunk before it lets go of its stream.
    if (isNodeStream(this.given)) attempt(this.given, 'destroy');
    if (this.given instanceof ReadableStream && !this.given.locked) attempt(this.given, 'cancel');
  }
}

/** Calls a method, if there is one; what it throws, now or later, is of interest to nobody any more. */
function attempt(target: object, name: string): void {
  void (async () => {
    const method = (target as Record<string, unknown>)[name];
    if (typeof method === 'function') await (method as () => unknown).call(target);
  })().catch(() => undefined);
}

/** It cannot be told to wait: what comes while nobody reads is kept. */
function readObservable(observable: Observable<unknown>): AsyncIterator<unknown> {
  let subscription: Subscription | undefined;
  const queue = new MessageQueue<unknown>({
    begin: () => {
      subscription = observable.subscribe({
        next: (message) => void queue.push(message),
        error: (error: unknown) => queue.end({ error }),
        complete: () => queue.end({}),
      });
    },
    onDemand: () => undefined,
    onAbandoned: () => subscription?.unsubscribe(),
  });
  return queue;
}

/** The stream's own iterator would wait for the next chunk before it lets go. */
function readWebStream(stream: ReadableStream<unknown>): AsyncIterator<unknown> {
  const reader = stream.getReader();
  return {
    next: async () => {
      const { done, value } = await reader.read();
      return done ? { done: true, value: undefined } : { done: false, value };
    },
    return: async () => {
      await reader.cancel();
      return { done: true, value: undefined };
    },
  };
}

async function* readIterable(messages: Iterable<unknown>): AsyncGenerator {
  yield* messages;
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

/** Bytes and text can be iterated, too, and are no messages. */
function isIterable(value: unknown): value is Iterable<unknown> {
  return (
    typeof value === 'object' && value !== null && Symbol.iterator in value && !ArrayBuffer.isView(value)
  );
}

function isPromise(value: unknown): boolean {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

function isNodeStream(value: object): boolean {
  const { pipe, destroy } = value as { pipe?: unknown; destroy?: unknown };
  return typeof pipe === 'function' && typeof destroy === 'function';
}

function remedyFor(given: unknown): string {
  if (typeof given === 'function') return '; a generator is to be called';
  if (isPromise(given)) return '; await it';
  const plain = typeof given === 'object' && given !== null && !ArrayBuffer.isView(given);
  if (plain && typeof (given as { next?: unknown }).next === 'function')
    return '; an iterator needs [Symbol.asyncIterator]';
  return plain ? '; a single message is given as [message]' : '';
}
