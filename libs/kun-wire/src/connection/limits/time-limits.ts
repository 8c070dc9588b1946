import { Timer, type Timers } from '../../process/timers.js';
import type { ConnectionLimits } from './connection-limits.js';

/** Called when a time limit of the connection has passed. */
export interface TimeLimitsHost {
  prefaceLate(): void;
  headerLate(): void;
  settingsLate(): void;
  idleLong(): void;
  aged(): void;
  graceOver(): void;
  closeLate(): void;
}

/** The time limits of a connection. */
export class TimeLimits {
  private readonly preface = new Timer(() => this.host.prefaceLate());
  private readonly settings = new Timer(() => this.host.settingsLate());
  // Created on demand: many connections never need these.
  private header: Timer | undefined;
  private idle: Timer | undefined;
  private readonly age: Timer | undefined;
  private grace: Timer | undefined;
  private close: Timer | undefined;

  constructor(
    private readonly host: TimeLimitsHost,
    private readonly timers: Timers,
    private readonly limits: ConnectionLimits,
  ) {
    timers.arm(this.preface, limits.prefaceTimeoutMs);
    timers.arm(this.settings, limits.settingsTimeoutMs);
    this.idling(true);
    if (limits.maxAgeMs === Infinity) return;
    this.age = new Timer(() => host.aged());
    // With jitter, so that connections made at the same time do not all end at the same time.
    timers.arm(this.age, limits.maxAgeMs * (0.9 + Math.random() * 0.2));
  }

  prefaceDone(): void {
    this.timers.disarm(this.preface);
  }

  settingsDone(): void {
    this.timers.disarm(this.settings);
  }

  /** Whether a frame or a header block is incomplete. */
  headerWaits(waits: boolean): void {
    if (!waits && this.header === undefined) return;
    this.header ??= new Timer(() => this.host.headerLate());
    if (waits) this.timers.arm(this.header, this.limits.headerTimeoutMs);
    else this.timers.disarm(this.header);
  }

  /** Whether no stream is open. */
  idling(idle: boolean): void {
    if (this.limits.maxIdleMs === Infinity) return;
    this.idle ??= new Timer(() => this.host.idleLong());
    if (idle) this.timers.arm(this.idle, this.limits.maxIdleMs);
    else this.timers.disarm(this.idle);
  }

  /** GOAWAY was sent because of the connection's age. */
  graceBegins(): void {
    this.grace ??= new Timer(() => this.host.graceOver());
    this.timers.arm(this.grace, this.limits.maxAgeGraceMs);
  }

  /** The connection is closing. */
  closing(): void {
    this.close ??= new Timer(() => this.host.closeLate());
    if (this.close.place < 0) this.timers.arm(this.close, this.limits.closeTimeoutMs);
  }

  /** Stops all limits except that of closing; with `closed`, that one too. */
  stop(closed: boolean): void {
    const { preface, settings, header, idle, age, grace, close } = this;
    for (const timer of [preface, settings, header, idle, age, grace, closed ? close : undefined]) {
      if (timer !== undefined) this.timers.disarm(timer);
    }
  }
}
