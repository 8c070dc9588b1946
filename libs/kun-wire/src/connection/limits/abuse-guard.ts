import { FloodError } from '../../process/refusal.js';
import { TokenBucket } from '../../process/token-bucket.js';
import type { WireProcess } from '../../process/wire-process.js';
import type { ConnectionLimits } from './connection-limits.js';

/** How many frames that carry nothing (mostly window updates) each call and each DATA frame we send allows the peer. */
const OVERHEAD_EARNED = 10;

/** The share of its resets that a connection has before it has done anything else. */
const UNPROVEN_SHARE = 0.1;

/** Distinguishes a normal peer from one that makes us work, with token buckets for what costs us and not the peer. */
export class AbuseGuard {
  private readonly overhead: TokenBucket;
  private readonly resets: TokenBucket;
  private answered = 0;

  constructor(
    private readonly limits: ConnectionLimits,
    private readonly process: WireProcess,
  ) {
    this.overhead = new TokenBucket(limits.overheadBurst, limits.overheadPerSecond);
    this.resets = new TokenBucket(limits.resetBurst, limits.resetsPerSecond);
  }

  /** Something useful was done for the peer. */
  earned(): void {
    this.overhead.give(OVERHEAD_EARNED);
  }

  /** A call has got its answer, and OK: who hedges, or gives up one call of two, is no attacker. */
  callAnswered(): void {
    this.answered++;
    this.resets.give(1);
    this.process.resets.give(1);
  }

  /**
   * A frame that carries nothing has come.
   *
   * @throws {FloodError} when they are too many.
   */
  overheadFrame(): void {
    if (this.overhead.take(this.process.clock.monotonicMs())) return;
    throw new FloodError('overhead-flood', 'too many frames without use');
  }

  /**
   * A stream was opened for nothing: its caller reset it, or made us do so (CVE-2023-44487, CVE-2025-8671). Counted for
   * the connection and for the process; when the process's are used up, each connection has a small share only, and of
   * that a tenth until it has had calls answered, so that neither many attackers nor one that comes back gets more.
   *
   * @throws {FloodError} when they are too many.
   */
  wastedStream(): void {
    const now = this.process.clock.monotonicMs();
    const own = this.resets.take(now);
    const shared = this.process.resets.take(now);
    const { resetShare } = this.limits;
    const share = Math.min(resetShare, resetShare * UNPROVEN_SHARE + this.answered);
    if (own && (shared || this.resets.used <= share)) return;
    throw new FloodError('reset-flood', 'too many streams reset');
  }
}
