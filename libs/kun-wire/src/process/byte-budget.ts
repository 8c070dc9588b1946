/** A connection that holds bytes of a budget. */
export interface BudgetHolder {
  /** What it holds of this budget. */
  heldOf(budget: ByteBudget): number;
  /** Gives up what it holds most of; called for the connection that holds most of all. */
  shed(budget: ByteBudget): void;
}

/**
 * Bytes that all connections of a process may hold together. When they are used up, the one that holds most pays, until
 * there is room again: a flood on one connection costs the callers of others nothing.
 */
export class ByteBudget {
  /** What is held at present. */
  usedBytes = 0;

  constructor(
    readonly limitBytes: number,
    private readonly holders: ReadonlySet<BudgetHolder>,
  ) {}

  /** Counts bytes that are held, or with a negative number are no more. */
  add(bytes: number): void {
    this.usedBytes += bytes;
    if (bytes > 0 && this.usedBytes > this.limitBytes) this.makeRoom();
  }

  private makeRoom(): void {
    while (this.usedBytes > this.limitBytes) {
      let heaviest: BudgetHolder | undefined;
      let most = 0;
      for (const holder of this.holders) {
        const held = holder.heldOf(this);
        if (held > most) [heaviest, most] = [holder, held];
      }
      if (heaviest === undefined) return;
      const before = this.usedBytes;
      heaviest.shed(this);
      if (this.usedBytes >= before) return;
    }
  }
}
