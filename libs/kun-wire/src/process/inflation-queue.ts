/**
 * Limits how many decompressions run at once; others wait in order, since zlib has few threads and uses much memory.
 */
export class InflationQueue {
  private running = 0;
  private readonly waiting: Array<(done: () => void) => void> = [];

  constructor(private readonly limit: number) {}

  /** Runs `work` when its turn comes, immediately if possible; `work` must call `done` once. */
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
