import { FloodError } from '../../process/refusal.js';
import { TokenBucket } from '../../process/token-bucket.js';
import type { WireProcess } from '../../process/wire-process.js';
import type { ConnectionLimits } from './connection-limits.js';

/**
 * Frames without payload (mostly WINDOW_UPDATE) that each call, and each DATA frame sent, allows the peer in addition.
 */
const OVERHEAD_EARNED = 10;

/** The fraction of its share of resets that a connection has before any of its calls was answered with OK. */
const UNPROVEN_SHARE = 0.1;

/** Detects peers that cause excessive work, with token buckets for what is cheap for the peer but expensive here. */
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

  /** Useful work was done for the peer. */
  earned(): void {
    this.overhead.give(OVERHEAD_EARNED);
  }

  /** A call was answered with OK: a peer that hedges, or cancels every other call, is no attacker. */
  callAnswered(): void {
    this.answered++;
    this.resets.give(1);
    this.process.resets.give(1);
  }

  /**
   * A frame without payload has arrived.
   *
   * @throws {FloodError} when there are too many.
   */
  overheadFrame(): void {
    if (this.overhead.take(this.process.clock.monotonicMs())) return;
    throw new FloodError('overhead-flood', 'too many frames without payload');
  }

  /**
   * A stream was wasted: its caller reset it, or provoked a reset (CVE-2023-44487, CVE-2025-8671). Counted per
   * connection and per process. When the process has used up its tokens, each connection is limited to a small share,
   * and to a tenth of that until one of its calls was answered with OK, so that neither many attackers nor one that
   * reconnects gets more.
   *
   * @throws {FloodError} when there are too many.
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
