import { status as Code } from '@grpc/grpc-js';
import type { Subscriber } from 'rxjs';
import { runInCall } from '../../rpc/current-call.js';
import { StatusError } from '../../status/status-error.js';
import type { RequestReader } from '../call/call-environment.js';
import type { ServerCall } from '../call/server-call.js';
import type { MessageTransform, RequestFeed } from './request-stream.js';

type Step = IteratorResult<unknown, undefined>;
interface End {
  error?: unknown;
}

interface Waiting {
  resolve(step: Step): void;
  reject(error: unknown): void;
}

/** The wire's side of a request stream: delivers messages in order to the reader, each when it is asked for. */
export class RequestQueue implements RequestReader, RequestFeed {
  private subscriber: Subscriber<unknown> | undefined;
  private transform: MessageTransform | undefined;
  private waiting: Waiting[] | undefined;
  private taken = false;
  private left = false;
  private end: End | undefined;
  private pulling = false;
  private pullAgain = false;

  constructor(private readonly call: ServerCall) {
    call.readWith(this);
  }

  get path(): string {
    return this.call.method.path;
  }

  /** Whether its reader wants no more. A subscriber is asked, instead of being given a teardown to keep. */
  private get stopped(): boolean {
    return this.left || this.subscriber?.closed === true;
  }

  /** @throws {TypeError} when the stream already has a reader. */
  subscribe(subscriber: Subscriber<unknown>, transform: MessageTransform | undefined): void {
    this.take(transform);
    this.subscriber = subscriber;
    hearUnheard(subscriber, this);
    if (this.end) this.endSubscriber(this.end);
    else this.pull();
  }

  /** @throws {TypeError} when the stream already has a reader. */
  iterate(transform: MessageTransform | undefined): AsyncIterator<unknown> {
    this.take(transform);
    return {
      next: () => this.next(),
      return: () => {
        this.left = true;
        this.settleWaiting({});
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  message(message: unknown): void {
    if (this.stopped) return;
    if (!this.transform) {
      this.deliver(message);
      return;
    }
    // Nothing more is read until this message is done, which keeps the order and makes the sender wait.
    runInCall(this.call, transformed, this.transform, message).then(
      (result) => this.deliver(result),
      (error: unknown) => this.finish({ error }),
    );
  }

  halfClose(): void {
    this.finish({});
  }

  cancelled(): void {
    const { reason } = this.call.signal;
    this.finish({ error: reason ?? new StatusError(Code.CANCELLED, 'the call was cancelled') });
  }

  /** An error that the reader threw, or has no handler for. */
  unheard(error: unknown): void {
    this.left = true;
    this.call.failRequest(error);
  }

  private deliver(message: unknown): void {
    if (this.stopped || this.end) return;
    if (this.subscriber) {
      const subscriber = this.subscriber;
      runInCall(this.call, () => subscriber.next(message));
      this.pull();
      return;
    }
    const { waiting } = this;
    waiting?.shift()?.resolve({ done: false, value: message });
    if (waiting !== undefined && waiting.length > 0) this.call.pull();
  }

  private take(transform: MessageTransform | undefined): void {
    if (this.taken) {
      throw new TypeError(
        `the request stream of ${this.path} can be read only once; share its messages instead`,
      );
    }
    this.taken = true;
    this.transform = transform;
  }

  private next(): Promise<Step> {
    if (this.stopped) return Promise.resolve({ done: true, value: undefined });
    if (this.end) return endStep(this.end);
    return new Promise((resolve, reject) => {
      const waiting = (this.waiting ??= []);
      waiting.push({ resolve, reject });
      if (waiting.length === 1) this.call.pull();
    });
  }

  /**
   * grpc-js delivers a queued message within `pull`. A loop instead of recursion, because a frame may hold thousands of
   * small messages.
   */
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
    if (this.end || this.stopped) return;
    this.end = end;
    this.settleWaiting(end);
    if (this.subscriber) this.endSubscriber(end);
  }

  private settleWaiting(end: End): void {
    for (const waiting of this.waiting?.splice(0) ?? []) settle(waiting, end);
  }

  private endSubscriber(end: End): void {
    const subscriber = this.subscriber;
    runInCall(this.call, () => {
      if ('error' in end) subscriber?.error(end.error);
      else subscriber?.complete();
    });
  }
}

async function transformed(transform: MessageTransform, message: unknown): Promise<unknown> {
  return transform(message);
}

function settle(waiting: Waiting, end: End): void {
  if ('error' in end) waiting.reject(end.error);
  else waiting.resolve({ done: true, value: undefined });
}

function endStep(end: End): Promise<Step> {
  if ('error' in end) return Promise.reject(end.error);
  return Promise.resolve({ done: true, value: undefined });
}

interface RxObserver {
  next?(value: unknown): void;
  error?(error: unknown): void;
  complete?(): void;
}

/** The internals of an rxjs 7 subscription: each operator's subscriber leads to the next, the last to the observer. */
interface RxSubscriber {
  readonly destination?: RxSubscriber | undefined;
  /** On the last: what was passed to `subscribe(...)`. */
  partialObserver?: RxObserver | undefined;
}

/**
 * Catches what an observer does not handle: errors thrown by its own code, and errors of the stream when it has no
 * error handler. The latter is the form in Nest's guide, `messages.subscribe({ next, complete })`, and rxjs rethrows
 * what nobody handles as an uncaught exception.
 */
function hearUnheard(subscriber: Subscriber<unknown>, queue: RequestQueue): void {
  let parts = subscriber as unknown as RxSubscriber;
  // No operator chain is that long; a cycle would be a bug.
  for (let steps = 0; parts.destination && steps < 1000; steps++) parts = parts.destination;
  if (parts.partialObserver) parts.partialObserver = new GuardedObserver(parts.partialObserver, queue);
}

class GuardedObserver implements RxObserver {
  constructor(
    private readonly observer: RxObserver,
    private readonly queue: RequestQueue,
  ) {}

  next(value: unknown): void {
    try {
      this.observer.next?.(value);
    } catch (error) {
      this.queue.unheard(error);
    }
  }

  error(error: unknown): void {
    if (!this.observer.error) {
      this.queue.unheard(error);
      return;
    }
    try {
      this.observer.error(error);
    } catch (thrown) {
      this.queue.unheard(thrown);
    }
  }

  complete(): void {
    try {
      this.observer.complete?.();
    } catch (error) {
      this.queue.unheard(error);
    }
  }
}
