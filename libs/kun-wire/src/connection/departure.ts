import { ErrorCode } from '../frames/error-code.js';
import { MAX_31_BITS } from '../frames/frame-type.js';
import type { FrameWriter } from '../frames/frame-writer.js';
import { Timer, type Timers } from '../process/timers.js';

/** What a departure needs from its connection. */
export interface DepartureHost {
  readonly frames: FrameWriter;
  /** The last stream that was taken on. */
  readonly lastPeerStream: number;
  /** Frames of control were written. */
  touchControl(bytes: number): void;
  /** No stream beyond the last one named will be taken on. */
  departed(): void;
}

/** Marks the PING that measures a departure's round trip. */
const ROUND_TRIP = Buffer.from('kun-away', 'latin1');

/**
 * Leaves without losing a call (RFC 9113, section 6.8): a GOAWAY that names no stream yet, so that the peer opens no more;
 * when a PING has made the round trip, whatever the peer had opened meanwhile has come, and a second GOAWAY names the last.
 */
export class Departure {
  /** Streams beyond it are refused; `Infinity` until the second GOAWAY. */
  lastStream = Infinity;
  private announced = false;
  private readonly timer = new Timer(() => this.finish());

  constructor(
    private readonly host: DepartureHost,
    private readonly timers: Timers,
    private readonly pingTimeoutMs: number,
  ) {}

  get begun(): boolean {
    return this.announced;
  }

  get final(): boolean {
    return this.lastStream !== Infinity;
  }

  /** The first GOAWAY, with a reason for the peer's log. */
  begin(reason: string): void {
    if (this.announced) return;
    this.announced = true;
    const { frames } = this.host;
    frames.goAway(MAX_31_BITS, ErrorCode.NO_ERROR, reason);
    frames.ping(false, ROUND_TRIP, 0);
    this.host.touchControl(34 + reason.length);
    this.timers.arm(this.timer, this.pingTimeoutMs);
  }

  /** Handles a PING acknowledgement; the expected one triggers the second GOAWAY. */
  acknowledged(payload: Buffer, start: number): void {
    if (this.announced && payload.compare(ROUND_TRIP, 0, 8, start, start + 8) === 0) this.finish();
  }

  /** The second GOAWAY, at once. */
  finish(code: number = ErrorCode.NO_ERROR, reason = ''): void {
    this.timers.disarm(this.timer);
    if (this.final && code === ErrorCode.NO_ERROR) return;
    this.announced = true;
    this.lastStream = this.host.lastPeerStream;
    this.host.frames.goAway(this.lastStream, code, reason);
    this.host.touchControl(17 + reason.length);
    this.host.departed();
  }

  stop(): void {
    this.timers.disarm(this.timer);
  }
}
