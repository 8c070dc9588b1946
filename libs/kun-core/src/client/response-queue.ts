type Step<T> = IteratorResult<T, undefined>;

/** What a {@link ResponseQueue} tells the side that fills it. */
export interface QueueSource {
  /** There is room again. */
  onDemand(): void;
  /** The reader has left: nothing more is wanted. */
  onAbandoned(): void;
}

/**
 * Messages on their way to a `for await` loop: few wait, the sender is stalled by `push` answering false, and leaving
 * the loop stops it.
 */
export class ResponseQueue<T> implements AsyncIterableIterator<T, undefined> {
  private readonly messages: T[] = [];
  private waiting: { resolve: (step: Step<T>) => void; reject: (error: unknown) => void } | undefined;
  private ended: { error?: unknown } | undefined;
  private abandoned = false;
  private begin: (() => void) | undefined;

  constructor(
    private readonly source: QueueSource,
    /** Called when the reader asks for the first time. */
    begin: () => void,
  ) {
    this.begin = begin;
  }

  /** Hands a message over; false asks to wait for `onDemand`. */
  push(message: T): boolean {
    if (this.abandoned) return false;
    if (this.waiting) {
      const { resolve } = this.waiting;
      this.waiting = undefined;
      resolve({ done: false, value: message });
      return true;
    }
    this.messages.push(message);
    return false;
  }

  /** No more will come; with an error, the loop throws it after the messages before it. */
  end(end: { error?: unknown }): void {
    if (this.ended) return;
    this.ended = end;
    if (!this.waiting) return;
    const { resolve, reject } = this.waiting;
    this.waiting = undefined;
    if ('error' in end) reject(end.error);
    else resolve({ done: true, value: undefined });
  }

  next(): Promise<Step<T>> {
    this.begin?.();
    this.begin = undefined;
    if (this.messages.length > 0) {
      const value = this.messages.shift() as T;
      if (this.messages.length === 0) this.source.onDemand();
      return Promise.resolve({ done: false, value });
    }
    if (this.abandoned) return Promise.resolve({ done: true, value: undefined });
    if (this.ended) {
      const { ended } = this;
      // Thrown once: whoever asks again is at the end.
      this.ended = {};
      return 'error' in ended
        ? Promise.reject(ended.error)
        : Promise.resolve({ done: true, value: undefined });
    }
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.source.onDemand();
    });
  }

  return(): Promise<Step<T>> {
    this.abandoned = true;
    this.messages.length = 0;
    if (!this.ended) this.source.onAbandoned();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
