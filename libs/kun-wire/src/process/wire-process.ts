import { BufferPool } from '../frames/buffer-pool.js';
import { type BudgetHolder, ByteBudget } from './byte-budget.js';
import { InflationQueue } from './inflation-queue.js';
import { LateComers } from './late-comers.js';
import type { Refusal, RefusalReason } from './refusal.js';
import { processClock, Timers, type WireClock } from './timers.js';
import { TokenBucket } from './token-bucket.js';
import { TurnEnd } from './turn-end.js';
import { WorkTurns } from './work-turns.js';

/** Limits of all connections of a process together. */
export interface ProcessLimits {
  /**
   * Bytes of requests that are incomplete or unread; beyond it, the connection that holds the most loses its largest
   * call. Default 256 MiB.
   */
  readonly maxUnfinishedBytes: number;
  /**
   * Bytes of responses waiting for slow readers; beyond it, the connection that holds the most loses its largest call.
   * Default 256 MiB.
   */
  readonly maxUnsentBytes: number;
  /** Messages decompressed at once; further ones wait. Default 4, the number of zlib's threads. */
  readonly maxInflations: number;
  /**
   * The reset burst of all connections together: once it is used up, each is limited to its `resetShare`. Default 6000.
   */
  readonly resetBurst: number;
  /** The rate of resets per second after that. Default 1000. */
  readonly resetsPerSecond: number;
}

const MIB = 1024 * 1024;

/** The defaults; {@link ProcessLimits} explains each. */
export const DEFAULT_PROCESS_LIMITS: ProcessLimits = {
  maxUnfinishedBytes: 256 * MIB,
  maxUnsentBytes: 256 * MIB,
  maxInflations: 4,
  resetBurst: 6000,
  resetsPerSecond: 1000,
};

/** Options shared by the connections of a process. */
export interface WireProcessOptions {
  /** Default: the limits' own defaults. */
  readonly limits?: Partial<ProcessLimits> | undefined;
  /** Default: the process's clock. */
  readonly clock?: WireClock | undefined;
  /** Called for each refusal, possibly thousands of times per second, so logging must sample. */
  readonly onRefused?: ((refusal: Refusal) => void) | undefined;
}

/** State shared by the connections of a process: clock, timer, end of turn, buffers, budgets and counters. */
export class WireProcess {
  readonly clock: WireClock;
  readonly timers: Timers;
  readonly pool = new BufferPool();
  readonly turnEnd = new TurnEnd();
  readonly turns: WorkTurns;
  readonly stats = new WireStats();
  readonly connections = new Set<BudgetHolder>();
  readonly unfinished: ByteBudget;
  readonly unsent: ByteBudget;
  readonly inflations: InflationQueue;
  readonly resets: TokenBucket;
  readonly lateComers = new LateComers();
  private readonly onRefused: ((refusal: Refusal) => void) | undefined;

  constructor({ limits, clock = processClock, onRefused }: WireProcessOptions = {}) {
    const resolved = { ...DEFAULT_PROCESS_LIMITS, ...limits };
    this.clock = clock;
    this.timers = new Timers(clock);
    this.turns = new WorkTurns(clock, this.turnEnd);
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

/** Counters of the connections of a process: plain numbers, for metrics. */
export class WireStats {
  connectionsOpen = 0;
  connectionsTotal = 0;
  streamsOpen = 0;
  streamsTotal = 0;
  /** Calls reset by their callers. */
  resetsReceived = 0;
  keepalivePings = 0;
  /** By reason. */
  readonly refusals = new Map<RefusalReason, number>();

  refused(reason: RefusalReason): void {
    this.refusals.set(reason, (this.refusals.get(reason) ?? 0) + 1);
  }
}
