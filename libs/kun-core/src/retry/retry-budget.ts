/** How much may be repeated. */
export interface RetryBudgetOptions {
  /** The most tokens there can be; also how many there are at the start. Default: 100 */
  readonly capacity?: number;
  /** What a call that succeeds earns, in tokens. Default: 0.5 */
  readonly perSuccess?: number;
}

/** {@link RetryBudgetOptions.capacity} when nobody says otherwise. */
export const DEFAULT_RETRY_CAPACITY = 100;

/** {@link RetryBudgetOptions.perSuccess} when nobody says otherwise. */
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

  /** What is left, for a gauge. */
  get tokens(): number {
    return this.left;
  }

  /** A call succeeded. */
  earn(): void {
    this.left = Math.min(this.capacity, this.left + this.perSuccess);
  }

  /** Takes the token for a repetition; false when there is none, which leaves what there is. */
  take(): boolean {
    if (this.left < 1) return false;
    this.left -= 1;
    return true;
  }

  /** The repetition that a token was taken for was not made. */
  giveBack(): void {
    this.left = Math.min(this.capacity, this.left + 1);
  }
}
