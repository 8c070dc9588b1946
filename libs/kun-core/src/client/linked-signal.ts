/**
 * A signal that aborts with the first of several, with its reason, between `link` and `unlink`: a long-lived source (the
 * signal of a stream) does not collect a listener for every call it lent itself to.
 */
export class LinkedSignal {
  private readonly controller = new AbortController();
  private readonly sources: readonly AbortSignal[];

  constructor(sources: ReadonlyArray<AbortSignal | undefined>) {
    this.sources = sources.filter((source) => source !== undefined);
  }

  link(): void {
    for (const source of this.sources) {
      if (source.aborted) this.abort(source.reason);
      else source.addEventListener('abort', this.onAbort, { once: true });
    }
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  abort(reason: unknown): void {
    this.controller.abort(reason);
  }

  unlink(): void {
    for (const source of this.sources) source.removeEventListener('abort', this.onAbort);
  }

  private readonly onAbort = (event: Event): void => {
    this.abort((event.target as AbortSignal).reason);
  };
}
