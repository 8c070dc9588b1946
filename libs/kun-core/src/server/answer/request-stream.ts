import { inspect } from 'node:util';
import { Observable, type Subscriber } from 'rxjs';

/** Applied to each message before the handler sees it: the parameter's pipes. */
export type MessageTransform = (message: unknown) => unknown;

/** The source of a request stream's messages. */
export interface RequestFeed {
  /** The method's path. */
  readonly path: string;
  subscribe(subscriber: Subscriber<unknown>, transform: MessageTransform | undefined): void;
  iterate(transform: MessageTransform | undefined): AsyncIterator<unknown>;
}

/**
 * The request of a client-streaming or bidirectional call: both an `Observable`, as Nest users expect, and an
 * `AsyncIterable`. Either way a message is read from the wire when it is asked for, so a slow reader stalls the sender
 * instead of filling memory; an Observable asks for the next message when its subscriber's `next` returns.
 *
 * It can be read once. A call that is cancelled before the caller half-closed ends with an error (a `StatusError`),
 * never as if the stream were complete.
 *
 * It exposes no internals: copied or printed, it is an empty object.
 */
export class RequestStream extends Observable<unknown> implements AsyncIterable<unknown> {
  readonly #queue: RequestFeed;
  readonly #transform: MessageTransform | undefined;

  constructor(queue: RequestFeed, transform?: MessageTransform) {
    super();
    this.#queue = queue;
    this.#transform = transform;
  }

  /** The same stream with `transform` applied to each message before delivery. */
  through(transform: MessageTransform): RequestStream {
    const before = this.#transform;
    return new RequestStream(
      this.#queue,
      before ? async (message) => transform(await before(message)) : transform,
    );
  }

  [Symbol.asyncIterator](): AsyncIterator<unknown> {
    return this.#queue.iterate(this.#transform);
  }

  /** rxjs' subscription hook; passed to the constructor it would be a property of each stream. */
  protected _subscribe(subscriber: Subscriber<unknown>): undefined {
    if (!(#queue in this)) throw new TypeError('this is a copy of a request stream: use the stream itself');
    this.#queue.subscribe(subscriber, this.#transform);
  }

  toJSON(): string {
    return 'a stream of request messages';
  }

  [inspect.custom](): string {
    return `RequestStream of ${this.#queue.path}`;
  }
}
