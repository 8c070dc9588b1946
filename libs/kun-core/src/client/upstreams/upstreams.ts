import type { ChannelState } from '../connection/channel.js';

/** An upstream of this application, once its client is made. */
export interface UpstreamConnection {
  /** The name it is registered and configured under. */
  readonly name: string;
  /** As dialled. */
  readonly target: string;
  /** Whether it is encrypted. */
  readonly secure: boolean;
  state(): ChannelState;
  /** Whether the start waits for its connection (`Block`). */
  readonly waitAtStart: boolean;
  readonly connectTimeoutMs: number;
  /** @throws {Error} when there is no connection within the time, naming upstream and target. */
  waitForReady(timeoutMs: number): Promise<void>;
  close(): void;
}

/** The upstreams of an application, for its start and stop. */
export class Upstreams {
  private readonly open: UpstreamConnection[] = [];

  add(upstream: UpstreamConnection): void {
    this.open.push(upstream);
  }

  get all(): readonly UpstreamConnection[] {
    return this.open;
  }

  get names(): readonly string[] {
    return this.open.map(({ name }) => name);
  }

  /** Waits for those that are to be connected at start, all at once; fails with the first that is not in its time. */
  async connect(): Promise<void> {
    const blocking = this.open.filter(({ waitAtStart }) => waitAtStart);
    await Promise.all(blocking.map((upstream) => upstream.waitForReady(upstream.connectTimeoutMs)));
  }

  /** Closes all channels: after the last incoming call, which may still need them. */
  close(): void {
    for (const upstream of this.open) upstream.close();
  }
}
