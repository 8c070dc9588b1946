import { inspect } from 'node:util';
import { Observable, type Subscriber } from 'rxjs';

/** What is done to each message before the handler sees it: the pipes of the parameter. */
export type MessageTransform = (message: unknown) => unknown;

/** Where its messages come from. */
export interface RequestSource {
  /** The method's. */
  readonly path: string;
  subscribe(subscriber: Subscriber<unknown>, transform: MessageTransform | undefined): () => void;
  iterate(transform: MessageTransform | undefined): AsyncIterator<unknown>;
}

/**
 * The request of a client-streaming or bidirectional call: an `Observable`, as Nest's users know it, and an
 * `AsyncIterable`. Either way a message is read from the wire when it is asked for, so a slow reader stalls the sender
 * instead of filling the memory; an Observable asks for the next when its subscriber's `next` has returned.
 *
 * It can be read once. A call that is cancelled before the caller said that it was done ends with an error (a
 * `StatusError`), never as if the stream were complete.
 *
 * Nothing of it can be walked into: to whoever copies or prints it, it is an empty object.
 */
export class RequestStream extends Observable<unknown> implements AsyncIterable<unknown> {
  readonly #queue: RequestSource;
  readonly #transform: MessageTransform | undefined;

  constructor(queue: RequestSource, transform?: MessageTransform) {
    super();
    this.#queue = queue;
    this.#transform = transform;
  }

  /** The same stream, each message of which goes through `transform` before it is handed over. */
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

  /** rxjs' own hook for what a subscription does; given to the constructor it would be a property of each stream. */
  protected _subscribe(subscriber: Subscriber<unknown>): () => void {
    if (!(#queue in this)) throw new TypeError('this is a copy of a request stream: use the stream itself');
    return this.#queue.subscribe(subscriber, this.#transform);
  }

  toJSON(): string {
    return 'a stream of request messages';
  }

  [inspect.custom](): string {
    return `RequestStream of ${this.#queue.path}`;
  }
}
