/** Lets so many pieces of work run at once, the others in the order they came: zlib's threads are few, its memory is not small. */
export class InflationQueue {
  private running = 0;
  private readonly waiting: Array<(done: () => void) => void> = [];

  constructor(private readonly limit: number) {}

  /** Runs `work` when its turn comes, at once if it can; `work` calls `done` once. */
  run(work: (done: () => void) => void): void {
    if (this.running >= this.limit) {
      this.waiting.push(work);
      return;
    }
    this.running++;
    work(this.done);
  }

  private readonly done = (): void => {
    this.running--;
    const next = this.waiting.shift();
    if (next !== undefined) this.run(next);
  };
}
