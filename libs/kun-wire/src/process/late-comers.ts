/** How long a peer that was disconnected for a flood has to wait when it reconnects. */
export const HELD_BACK_MS = 1000;
/**
 * The number of addresses remembered; a flood from more addresses is one of new connections, which have their own
 * limit.
 */
const MAX_ADDRESSES = 1024;

/**
 * Addresses whose connection was recently closed for a flood. A new connection from there is accepted, but not read
 * until a delay is over: an attacker that reconnects at once gains nothing, and others who share its address (behind a
 * NAT, a proxy or a sidecar) lose no call or connection, only a second at most.
 */
export class LateComers {
  // In the order in which they were disconnected.
  private readonly untilMs = new Map<string, number>();

  /** Whether there are none, which is the normal case. */
  get none(): boolean {
    return this.untilMs.size === 0;
  }

  /** The connection of an address was closed for a flood. */
  cut(address: string, nowMs: number): void {
    const { untilMs } = this;
    untilMs.delete(address);
    untilMs.set(address, nowMs + HELD_BACK_MS);
    const [oldest] = untilMs.keys();
    if (oldest !== undefined && (untilMs.size > MAX_ADDRESSES || this.leftMs(oldest, nowMs) === 0)) {
      untilMs.delete(oldest);
    }
  }

  /** How long a new connection from an address has to wait; usually 0. */
  leftMs(address: string | undefined, nowMs: number): number {
    const until = address === undefined ? undefined : this.untilMs.get(address);
    return until === undefined ? 0 : Math.max(0, until - nowMs);
  }
}
