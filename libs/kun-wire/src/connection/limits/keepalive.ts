import { Timer, type Timers } from '../../process/timers.js';
import type { ConnectionLimits } from './connection-limits.js';

/** What keepalive needs from its connection. */
export interface KeepaliveHost {
  readonly openStreams: number;
  /** When something was last received from the peer, in monotonic milliseconds. */
  readonly heardMs: number;
  /** Sends a PING. */
  sendKeepalive(): void;
  /** The peer did not respond. */
  keepaliveFailed(): void;
}

/**
 * Detects peers that have vanished silently. A connection with open calls that was silent for a while gets a PING;
 * anything received after it counts as a response, since some peers do not acknowledge while they are busy.
 */
export class Keepalive {
  private askedMs = -1;
  private readonly timer = new Timer(() => this.look());

  constructor(
    private readonly host: KeepaliveHost,
    private readonly timers: Timers,
    private readonly now: () => number,
    private readonly limits: Pick<ConnectionLimits, 'keepaliveTimeMs' | 'keepaliveTimeoutMs'>,
  ) {
    this.timers.arm(this.timer, limits.keepaliveTimeMs);
  }

  stop(): void {
    this.timers.disarm(this.timer);
  }

  private look(): void {
    const { host, limits } = this;
    const { heardMs } = host;
    if (this.askedMs >= 0 && heardMs < this.askedMs) {
      host.keepaliveFailed();
      return;
    }
    this.askedMs = -1;
    const now = this.now();
    const silentMs = now - heardMs;
    if (host.openStreams === 0 || silentMs < limits.keepaliveTimeMs) {
      const restMs = host.openStreams === 0 ? limits.keepaliveTimeMs : limits.keepaliveTimeMs - silentMs;
      this.timers.arm(this.timer, Math.max(1, restMs));
      return;
    }
    this.askedMs = now;
    host.sendKeepalive();
    this.timers.arm(this.timer, limits.keepaliveTimeoutMs);
  }
}
