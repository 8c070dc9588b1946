import { isObservable, type Observable, type Subscription } from 'rxjs';
import { CallArgumentError, describeArgument } from './call-argument-error.js';
import { MessageQueue } from './message-queue.js';

/**
 * A stream of requests: anything readable with `for await` (async generators, Node and web readable streams), an array
 * or another iterable, or an Observable.
 */
export type RequestMessages<T> = AsyncIterable<T> | Iterable<T> | Observable<T>;

/**
 * A stream of requests as a call uses it. The call owns it: once taken over, it is finished however the call ends, even
 * if the call is never made.
 */
export interface RequestSource {
  /**
   * Starts reading.
   *
   * @throws {unknown} when the stream cannot be read.
   */
  read(): AsyncIterator<unknown>;
  /** Ends reading. Never throws; a generator that is waiting ends once its wait is over. */
  finish(): void;
}

/**
 * Validates the argument for a stream of requests.
 *
 * @throws {CallArgumentError} when it is not a stream, saying what it is.
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
 * Validates the argument for a single message; its fields are checked by the codec.
 *
 * @throws {CallArgumentError} when it is not an object, or is a stream of messages.
 */
export function singleRequest(method: string, given: unknown): unknown {
  const stream = isObservable(given) || isAsyncIterable(given) || Array.isArray(given);
  if (typeof given === 'object' && given !== null && !stream && !isPromise(given)) return given;
  const found = isPromise(given)
    ? 'a promise; await it'
    : stream
      ? 'a stream of messages'
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
    // A generator that was never read is its own iterator; other iterables have nothing to finish yet.
    attempt(this.iterator ?? this.given, 'return');
    // Node's iterator would wait for the next chunk before it releases its stream.
    if (isNodeStream(this.given)) attempt(this.given, 'destroy');
    if (this.given instanceof ReadableStream && !this.given.locked) attempt(this.given, 'cancel');
  }
}

/** Calls a method if it exists; errors, now or later, no longer matter. */
function attempt(target: object, name: string): void {
  void (async () => {
    const method = (target as Record<string, unknown>)[name];
    if (typeof method === 'function') await (method as () => unknown).call(target);
  })().catch(() => undefined);
}

/** An Observable has no backpressure: messages are buffered while nobody reads. */
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

/** The stream's own iterator would wait for the next chunk before it releases the stream. */
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

/** Byte arrays and strings are iterable, too, but are not streams of messages. */
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
  if (typeof given === 'function') return '; call the generator function';
  if (isPromise(given)) return '; await it';
  const plain = typeof given === 'object' && given !== null && !ArrayBuffer.isView(given);
  if (plain && typeof (given as { next?: unknown }).next === 'function')
    return '; an iterator needs [Symbol.asyncIterator]';
  return plain ? '; pass a single message as [message]' : '';
}
