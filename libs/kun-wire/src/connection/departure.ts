import { ErrorCode } from '../frames/error-code.js';
import { MAX_31_BITS } from '../frames/frame-type.js';
import type { FrameWriter } from '../frames/frame-writer.js';
import { Timer, type Timers } from '../process/timers.js';

/** What a departure needs from its connection. */
export interface DepartureHost {
  readonly frames: FrameWriter;
  /** The last stream that was accepted. */
  readonly lastPeerStream: number;
  /** Control frames were written. */
  touchControl(bytes: number): void;
  /** No stream beyond the announced last one will be accepted. */
  departed(): void;
}

/** Marks the PING that measures a departure's round trip. */
const ROUND_TRIP = Buffer.from('kun-away', 'latin1');

/**
 * Shuts down gracefully, without losing a call (RFC 9113, section 6.8). A first GOAWAY, which names no last stream yet,
 * makes the peer stop opening streams. Once a PING has made the round trip, all streams that the peer opened before
 * have arrived, and a second GOAWAY names the last one.
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

  /** Sends the first GOAWAY, with a reason for the peer's log. */
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

  /** Sends the second GOAWAY immediately. */
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
