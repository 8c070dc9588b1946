/** What is asked of a call to be waited for and, in the end, forced. */
export interface OpenCall {
  readonly method: {
    readonly path: string;
    readonly responseStream: boolean;
    readonly requestStream: boolean;
  };
  readonly startedAt: number;
}

/**
 * The calls that are not over: a call leaves when its RPC has ended and its handler has settled, whichever is later, so
 * that nothing a handler uses is taken away under it.
 */
export class OpenCalls<T extends OpenCall> {
  private readonly calls = new Set<T>();
  private waiting: Array<() => void> = [];

  add(call: T): void {
    this.calls.add(call);
  }

  remove(call: T): void {
    if (!this.calls.delete(call) || this.calls.size > 0) return;
    const waiting = this.waiting;
    this.waiting = [];
    for (const done of waiting) done();
  }

  get size(): number {
    return this.calls.size;
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this.calls.values();
  }

  /** Settles when no call is open; at once when none is. */
  whenIdle(): Promise<void> {
    if (this.calls.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push(resolve));
  }
}
