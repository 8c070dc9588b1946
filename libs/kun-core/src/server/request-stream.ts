import { status as Code } from '@grpc/grpc-js';
import { Observable, type Subscriber } from 'rxjs';
import { runInCall } from '../rpc/current-call.js';
import { StatusError } from '../status/status-error.js';
import type { RequestReader } from './call-environment.js';
import type { ServerCall } from './server-call.js';

/**
 * The request of a client-streaming or bidirectional call: an `Observable`, as Nest's users know it, and an
 * `AsyncIterable`. Either way a message is read from the wire when it is asked for, so a slow reader stalls the sender
 * instead of filling the memory; an Observable asks for the next when its subscriber's `next` has returned.
 *
 * It can be read once. A call that is cancelled before the caller said that it was done ends with an error (a
 * `StatusError`), never as if the stream were complete.
 */
export class RequestStream extends Observable<unknown> implements AsyncIterable<unknown> {
  constructor(private readonly queue: RequestQueue) {
    super((subscriber) => queue.subscribe(subscriber));
  }

  [Symbol.asyncIterator](): AsyncIterator<unknown> {
    return this.queue.iterate();
  }
}

type Step = IteratorResult<unknown, undefined>;
type End = { error?: unknown };

/** The wire's side of a {@link RequestStream}. */
export class RequestQueue implements RequestReader {
  private subscriber: Subscriber<unknown> | undefined;
  private waiting: { resolve: (step: Step) => void; reject: (error: unknown) => void } | undefined;
  private taken = false;
  private stopped = false;
  private end: End | undefined;
  private pulling = false;
  private pullAgain = false;

  constructor(private readonly call: ServerCall) {
    call.readWith(this);
  }

  subscribe(subscriber: Subscriber<unknown>): () => void {
    this.take();
    this.subscriber = subscriber;
    if (this.end) this.endSubscriber(this.end);
    else this.pull();
    return () => (this.stopped = true);
  }

  iterate(): AsyncIterator<unknown> {
    this.take();
    return {
      next: () => this.next(),
      return: () => {
        this.stopped = true;
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  message(message: unknown): void {
    if (this.stopped) return;
    if (this.waiting) {
      const { resolve } = this.waiting;
      this.waiting = undefined;
      resolve({ done: false, value: message });
    } else if (this.subscriber) {
      const subscriber = this.subscriber;
      runInCall(this.call, () => subscriber.next(message));
      this.pull();
    }
  }

  halfClose(): void {
    this.finish({});
  }

  cancelled(): void {
    const { reason } = this.call.signal;
    this.finish({ error: reason ?? new StatusError(Code.CANCELLED, 'the call was cancelled') });
  }

  private take(): void {
    if (this.taken) {
      throw new TypeError(
        `the request stream of ${this.call.method.path} can be read once: share what it gave`,
      );
    }
    this.taken = true;
  }

  private next(): Promise<Step> {
    if (this.stopped) return Promise.resolve({ done: true, value: undefined });
    if (this.end) return endStep(this.end);
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.call.pull();
    });
  }

  /** grpc-js hands over a queued message within `pull`: a loop, since a frame may hold thousands of small ones. */
  private pull(): void {
    this.pullAgain = true;
    if (this.pulling) return;
    this.pulling = true;
    while (this.pullAgain && !this.stopped && !this.end) {
      this.pullAgain = false;
      this.call.pull();
    }
    this.pulling = false;
  }

  private finish(end: End): void {
    if (this.end) return;
    this.end = end;
    if (this.waiting) {
      const { resolve, reject } = this.waiting;
      this.waiting = undefined;
      endStep(end).then(resolve, reject);
    }
    if (this.subscriber) this.endSubscriber(end);
  }

  private endSubscriber(end: End): void {
    const subscriber = this.subscriber;
    runInCall(this.call, () => {
      if ('error' in end) subscriber?.error(end.error);
      else subscriber?.complete();
    });
  }
}

function endStep(end: End): Promise<Step> {
  if ('error' in end) return Promise.reject(end.error);
  return Promise.resolve({ done: true, value: undefined });
}
