/** How long who was cut for a flood waits when it comes back. */
export const HELD_BACK_MS = 1000;
/** Addresses that are remembered; a flood from more of them is one of new connections, which have a limit of their own. */
const MAX_ADDRESSES = 1024;

/**
 * Addresses whose connection was cut for a flood a moment ago. A new connection from there is taken, and first read when
 * the moment is over: an attacker that comes back at once gets nowhere sooner, and whoever shares its address (behind
 * one NAT, one proxy, one sidecar) loses no call and no connection, but a second at most.
 */
export class LateComers {
  // In the order in which they were cut.
  private readonly untilMs = new Map<string, number>();

  /** Whether it is empty, as it is most of the time. */
  get none(): boolean {
    return this.untilMs.size === 0;
  }

  /** An address was cut. */
  cut(address: string, nowMs: number): void {
    const { untilMs } = this;
    untilMs.delete(address);
    untilMs.set(address, nowMs + HELD_BACK_MS);
    const [oldest] = untilMs.keys();
    if (oldest !== undefined && (untilMs.size > MAX_ADDRESSES || this.leftMs(oldest, nowMs) === 0)) {
      untilMs.delete(oldest);
    }
  }

  /** How long a new connection from an address is to wait; 0 for most. */
  leftMs(address: string | undefined, nowMs: number): number {
    const until = address === undefined ? undefined : this.untilMs.get(address);
    return until === undefined ? 0 : Math.max(0, until - nowMs);
  }
}
