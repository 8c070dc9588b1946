import type { WireClock } from './timers.js';
import type { TurnEnd } from './turn-end.js';

/** Work that could not be finished in one turn. */
export interface Continuing {
  /** Continues until done, or until {@link WorkTurns.spend} returns false, and then asks for another turn. */
  goOn(): void;
}

/**
 * Calls that begin or end in one turn of the event loop, over all connections. Measured on echo, each costs from 10 µs
 * to 150 µs (for abandoned streams): a turn takes at most about 20 ms. More per turn was not faster.
 */
const TURN_CALLS = 128;
/** How long reading may take in a turn, excluding handlers. */
const TURN_MS = 10;
/** Calls of one connection before it is the next one's turn. */
const SHARE_CALLS = 16;

/**
 * Limits how much all connections do in one turn of the event loop, so that a flood of calls does not delay timers,
 * probes and other callers. The rest continues in the following turns, a share of each connection after the other, and
 * a newly active connection does not have to wait behind all of those that exceed their share.
 */
export class WorkTurns {
  private startMs = -1;
  private calls = 0;
  // Of the connection that continues; -1 for those that are read for the first time.
  private share = -1;
  private readonly arrived: Continuing[] = [];
  private readonly waiting: Continuing[] = [];

  constructor(
    private readonly clock: Pick<WireClock, 'monotonicMs'>,
    private readonly turnEnd: Pick<TurnEnd, 'afterwards' | 'schedule'>,
  ) {
    turnEnd.afterwards(() => this.next());
  }

  /** Whether new work must wait for its turn. */
  over(nowMs: number): boolean {
    if (this.startMs < 0) this.begin(nowMs);
    return this.calls >= TURN_CALLS || nowMs - this.startMs >= TURN_MS;
  }

  /** A call has begun or ended; returns false if it was the last that its connection may have for now. */
  spend(): boolean {
    const nowMs = this.clock.monotonicMs();
    if (this.startMs < 0) this.begin(nowMs);
    this.calls++;
    if (this.share >= 0 && ++this.share >= SHARE_CALLS) return false;
    return !this.over(nowMs);
  }

  /** Continues the work in a later turn. */
  later(work: Continuing): void {
    this.turnEnd.schedule();
    (this.share < 0 ? this.arrived : this.waiting).push(work);
  }

  /**
   * Runs expensive work when a turn has time for it, immediately if this one has; cheap work does not wait behind it.
   */
  soon(work: () => void): void {
    if (!this.over(this.clock.monotonicMs())) {
      work();
      return;
    }
    this.turnEnd.schedule();
    this.waiting.push({ goOn: work });
  }

  private begin(nowMs: number): void {
    this.startMs = nowMs;
    this.calls = 0;
    this.turnEnd.schedule();
  }

  /** A turn is over. */
  private next(): void {
    this.startMs = -1;
    const { arrived, waiting } = this;
    for (let count = 0; arrived.length + waiting.length > 0; count++) {
      if (this.over(this.clock.monotonicMs())) return;
      const [first, second] = count % 2 === 0 ? [arrived, waiting] : [waiting, arrived];
      this.goOn((first.shift() ?? second.shift()) as Continuing);
    }
  }

  private goOn(work: Continuing): void {
    this.share = 0;
    try {
      work.goOn();
    } catch (error) {
      // Reported like an error thrown in an event of its socket; it must not affect other connections.
      setImmediate(() => {
        throw error;
      });
    } finally {
      this.share = -1;
    }
  }
}
