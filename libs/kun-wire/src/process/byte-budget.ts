/** A connection that holds bytes of a budget. */
export interface BudgetHolder {
  /** How many bytes of this budget it holds. */
  heldOf(budget: ByteBudget): number;
  /** Releases the largest part of what it holds; called on the connection that holds the most. */
  shed(budget: ByteBudget): void;
}

/**
 * The bytes that all connections of a process may hold together. When they are used up, the connection that holds the
 * most has to release some, until there is room again: a flood on one connection does not affect callers on others.
 */
export class ByteBudget {
  /** The bytes currently held. */
  usedBytes = 0;

  constructor(
    readonly limitBytes: number,
    private readonly holders: ReadonlySet<BudgetHolder>,
  ) {}

  /** Adds bytes that are held, or with a negative number removes them. */
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
