/** How much may be retried. */
export interface RetryBudgetOptions {
  /** The maximum and initial number of tokens. Default: 100 */
  readonly capacity?: number;
  /** The tokens that a successful call earns. Default: 0.5 */
  readonly perSuccess?: number;
}

/** The default of {@link RetryBudgetOptions.capacity}. */
export const DEFAULT_RETRY_CAPACITY = 100;

/** The default of {@link RetryBudgetOptions.perSuccess}. */
export const DEFAULT_RETRY_PER_SUCCESS = 0.5;

/**
 * The tokens that repetitions of calls to one upstream cost: one each. Calls that succeed earn them back, so an
 * upstream that answers nobody is soon left alone, whatever the policy says, and one that answers most of its callers
 * gets every repetition it is worth.
 *
 * The shape is that of gRPC's `retryThrottling` (A6), the numbers are not: with its 10 tokens and 0.1 for a success an
 * upstream that fails 30 % at random is counted for dead, and 30 % of the calls fail; with 100 and 0.5 over 99 %
 * succeed, and a dead upstream still gets at most 100 extra calls from each process. It starts full, as A6's does:
 * a process that starts while its upstream is being replaced needs repetitions most, and the price is those 100, once.
 */
export class RetryBudget {
  private left: number;
  private readonly capacity: number;
  private readonly perSuccess: number;

  constructor(options: RetryBudgetOptions = {}) {
    this.capacity = options.capacity ?? DEFAULT_RETRY_CAPACITY;
    this.perSuccess = options.perSuccess ?? DEFAULT_RETRY_PER_SUCCESS;
    this.left = this.capacity;
  }

  /** The remaining tokens, for a gauge. */
  get tokens(): number {
    return this.left;
  }

  /** Records a successful call. */
  earn(): void {
    this.left = Math.min(this.capacity, this.left + this.perSuccess);
  }

  /** Takes the token for a retry; false, without effect, when there is none. */
  take(): boolean {
    if (this.left < 1) return false;
    this.left -= 1;
    return true;
  }

  /** Returns the token of a retry that was not made. */
  giveBack(): void {
    this.left = Math.min(this.capacity, this.left + 1);
  }
}
