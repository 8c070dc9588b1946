/** A token bucket: a burst, and a rate per second after that. */
export class TokenBucket {
  private tokens: number;
  private atMs = -1;

  constructor(
    private readonly burst: number,
    private readonly perSecond: number,
  ) {
    this.tokens = burst;
  }

  /** How much of the burst is currently used. */
  get used(): number {
    return this.burst - this.tokens;
  }

  get empty(): boolean {
    return this.tokens < 1;
  }

  /** Takes a token; returns false if none is left. */
  take(nowMs: number): boolean {
    this.refill(nowMs);
    if (this.tokens < 1) return false;
    this.tokens--;
    return true;
  }

  /** Adds tokens regardless of time. */
  give(tokens: number): void {
    this.tokens = Math.min(this.burst, this.tokens + tokens);
  }

  private refill(nowMs: number): void {
    if (this.atMs >= 0) this.give(((nowMs - this.atMs) / 1000) * this.perSecond);
    this.atMs = nowMs;
  }
}
