type AnyIterator = AsyncIterator<unknown> | Iterator<unknown>;

/** Where the messages of a {@link ResponsePump} go. */
export interface PumpTarget {
  /** Whether anybody still wants them. */
  readonly open: boolean;
  /** Whether to wait before the next. */
  readonly full: boolean;
  send(message: unknown): void;
  /** Settles when there is room again, or when nobody wants any more. */
  whenOpen(): Promise<void>;
}

/** Pulls messages from an iterator as fast as they are taken. */
export class ResponsePump {
  /** Settles when the iterator is done and has cleaned up; rejects with what it threw. */
  readonly done: Promise<void>;
  private finished = false;

  constructor(
    private readonly iterator: AnyIterator,
    private readonly target: PumpTarget,
  ) {
    this.done = this.sendAll().finally(() => (this.finished = true));
  }

  /** Lets the iterator clean up now: one that waits within `next` might never come back to be asked. */
  stop(): void {
    if (this.finished) return;
    // What it throws from its clean-up reaches `done`, or nobody: the call is over.
    this.cleanUp().catch(() => undefined);
  }

  private async sendAll(): Promise<void> {
    const { target } = this;
    try {
      while (target.open) {
        const next = this.iterator.next();
        const step = next instanceof Promise ? await next : next;
        if (step.done) return;
        target.send(step.value);
        if (target.full) await target.whenOpen();
      }
    } catch (error) {
      await this.cleanUp().catch(() => undefined);
      throw error;
    }
    await this.cleanUp();
  }

  private async cleanUp(): Promise<void> {
    await this.iterator.return?.();
  }
}
