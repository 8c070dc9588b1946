import { BufferPool } from '../frames/buffer-pool.js';
import { ByteBudget, type BudgetHolder } from './byte-budget.js';
import { DEFAULT_PROCESS_LIMITS, type ProcessLimits } from './connection-limits.js';
import { InflationQueue } from './inflation-queue.js';
import { Timers } from './timers.js';
import { TokenBucket } from './token-bucket.js';
import { TurnEnd } from './turn-end.js';
import { processClock, type WireClock } from './wire-clock.js';
import { WireStats, type Refusal } from './wire-stats.js';

/** What the connections of a process are given together. */
export interface WireProcessOptions {
  /** Default: the limits' own defaults. */
  readonly limits?: Partial<ProcessLimits> | undefined;
  /** Default: the process's clock. */
  readonly clock?: WireClock | undefined;
  /** Told of each refusal; it may come thousands of times a second, so whoever logs takes samples. */
  readonly onRefused?: ((refusal: Refusal) => void) | undefined;
}

/** What the connections of a process share: one clock, one timer, one turn's end, buffers, budgets and counts. */
export class WireProcess {
  readonly clock: WireClock;
  readonly timers: Timers;
  readonly pool = new BufferPool();
  readonly turnEnd = new TurnEnd();
  readonly stats = new WireStats();
  readonly connections = new Set<BudgetHolder>();
  readonly unfinished: ByteBudget;
  readonly unsent: ByteBudget;
  readonly inflations: InflationQueue;
  readonly resets: TokenBucket;
  private readonly onRefused: ((refusal: Refusal) => void) | undefined;

  constructor({ limits, clock = processClock, onRefused }: WireProcessOptions = {}) {
    const resolved = { ...DEFAULT_PROCESS_LIMITS, ...limits };
    this.clock = clock;
    this.timers = new Timers(clock);
    this.onRefused = onRefused;
    this.unfinished = new ByteBudget(resolved.maxUnfinishedBytes, this.connections);
    this.unsent = new ByteBudget(resolved.maxUnsentBytes, this.connections);
    this.inflations = new InflationQueue(resolved.maxInflations);
    this.resets = new TokenBucket(resolved.resetBurst, resolved.resetsPerSecond);
  }

  refused(refusal: Refusal): void {
    this.stats.refused(refusal.reason);
    this.onRefused?.(refusal);
  }
}
