type AnyIterator = AsyncIterator<unknown> | Iterator<unknown>;

/** The destination of a {@link ResponsePump}. */
export interface PumpTarget {
  /** Whether messages are still wanted. */
  readonly open: boolean;
  /** Whether the pump must wait before the next message. */
  readonly full: boolean;
  send(message: unknown): void;
  /** Resolves when there is room again, or when messages are no longer wanted. */
  whenOpen(): Promise<void>;
}

/** Pulls messages from an iterator as fast as the target takes them. */
export class ResponsePump {
  /** Resolves when the iterator is done and has cleaned up; rejects with what it threw. */
  readonly done: Promise<void>;
  private finished = false;

  constructor(
    private readonly iterator: AnyIterator,
    private readonly target: PumpTarget,
  ) {
    this.done = this.sendAll().finally(() => (this.finished = true));
  }

  /** Makes the iterator clean up now: one that is blocked in `next` might never return. */
  stop(): void {
    if (this.finished) return;
    // An error from its cleanup reaches `done`, or nobody: the call is over.
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
