type Step<T> = IteratorResult<T, undefined>;

/** What a {@link MessageQueue} reports to its producer. */
export interface QueueSource {
  /** The reader asks for the first message. */
  begin(): void;
  /** There is room again. */
  onDemand(): void;
  /** The reader has left before the end. If not `begun`, nothing was ever requested. */
  onAbandoned(begun: boolean): void;
}

interface Waiting<T> {
  readonly resolve: (step: Step<T>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Messages on their way to a `for await` loop. Only a few are buffered: `push` returns false to stall the sender, and
 * leaving the loop stops it. Concurrent requests are answered in order. The queue can be iterated once: a second loop
 * continues where the first one is, and is refused once that has ended.
 */
export class MessageQueue<T> implements AsyncIterableIterator<T, undefined> {
  private readonly messages: T[] = [];
  private readonly waiting: Array<Waiting<T>> = [];
  private ended: { error?: unknown } | undefined;
  private begun = false;
  /** Why there is nothing more to read. */
  private over: 'left' | 'read to its end' | undefined;

  constructor(private readonly source: QueueSource) {}

  /** Adds a message; false asks to wait for `onDemand`. */
  push(message: T): boolean {
    if (this.over) return false;
    const first = this.waiting.shift();
    if (!first) {
      this.messages.push(message);
      return false;
    }
    first.resolve({ done: false, value: message });
    return true;
  }

  /** Ends the queue; with an error, the loop throws it after the preceding messages. */
  end(end: { error?: unknown }): void {
    if (this.ended) return;
    this.ended = end;
    const first = this.waiting.shift();
    if (!first) return;
    this.finish().then(first.resolve, first.reject);
    this.settleAll();
  }

  next(): Promise<Step<T>> {
    if (this.over) return Promise.resolve(DONE);
    this.begin();
    if (this.messages.length > 0) {
      const value = this.messages.shift() as T;
      if (this.messages.length === 0) this.source.onDemand();
      return Promise.resolve({ done: false, value });
    }
    if (this.ended) return this.finish();
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.source.onDemand();
    });
  }

  return(): Promise<Step<T>> {
    this.leave();
    return Promise.resolve(DONE);
  }

  throw(error: unknown): Promise<Step<T>> {
    this.leave();
    return Promise.reject(error);
  }

  [Symbol.asyncIterator](): this {
    // Otherwise the loop would silently yield nothing.
    if (this.over) throw new TypeError(`the stream was ${this.over}; make a new call for another`);
    return this;
  }

  private begin(): void {
    if (this.begun) return;
    this.begun = true;
    this.source.begin();
  }

  private leave(): void {
    if (this.over) return;
    this.over = 'left';
    this.messages.length = 0;
    this.settleAll();
    if (!this.ended) this.source.onAbandoned(this.begun);
  }

  /** The error is thrown once; later requests find the end. */
  private finish(): Promise<Step<T>> {
    this.over = 'read to its end';
    const end = this.ended ?? {};
    return 'error' in end ? Promise.reject(end.error) : Promise.resolve(DONE);
  }

  private settleAll(): void {
    for (const { resolve } of this.waiting.splice(0)) resolve(DONE);
  }
}

const DONE: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });
