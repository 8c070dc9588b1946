/** Something that has frames to write. */
interface Flushable {
  flush(): void;
}

/** Makes every connection write once per event loop turn, however many calls it answered. */
export class TurnEnd {
  private scheduled = false;
  private waiting: Flushable[] = [];
  private serving: Flushable[] = [];
  private onEnd: (() => void) | undefined;

  add(connection: Flushable): void {
    this.waiting.push(connection);
    this.schedule();
  }

  /** Calls back at the end of every turn with activity, after all connections have written. */
  afterwards(onEnd: () => void): void {
    this.onEnd = onEnd;
  }

  /** Marks this turn as active. */
  schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(this.run);
  }

  private readonly run = (): void => {
    const { waiting } = this;
    this.scheduled = false;
    this.waiting = this.serving;
    this.serving = waiting;
    let failure: { readonly error: unknown } | undefined;
    for (const connection of waiting) {
      try {
        connection.flush();
      } catch (error) {
        failure ??= { error };
      }
    }
    waiting.length = 0;
    this.onEnd?.();
    // A fault of this package or of the socket, for the process to report; the other connections have written.
    if (failure !== undefined) throw failure.error;
  };
}
