/** Something that has frames to write. */
export interface Flushable {
  flush(): void;
}

/** Lets every connection write once a turn of the event loop, however many calls it answered in it. */
export class TurnEnd {
  private waiting: Flushable[] = [];
  private serving: Flushable[] = [];

  add(connection: Flushable): void {
    if (this.waiting.push(connection) === 1) setImmediate(this.run);
  }

  private readonly run = (): void => {
    const { waiting } = this;
    this.waiting = this.serving;
    this.serving = waiting;
    for (const connection of waiting) connection.flush();
    waiting.length = 0;
  };
}
