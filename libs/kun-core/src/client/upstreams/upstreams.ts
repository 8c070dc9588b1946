import type { ChannelState } from '../connection/channel.js';

/** An upstream of this application, once its client is created. */
export interface UpstreamConnection {
  /** The name it is registered and configured under. */
  readonly name: string;
  /** As dialled. */
  readonly target: string;
  /** Whether it uses TLS. */
  readonly secure: boolean;
  state(): ChannelState;
  /** Whether the start waits for its connection (`Block`). */
  readonly waitAtStart: boolean;
  readonly connectTimeoutMs: number;
  /** @throws {Error} naming upstream and target, when it is not connected in time. */
  waitForReady(timeoutMs: number): Promise<void>;
  close(): void;
}

/** The upstreams of an application, for its start and shutdown. */
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

  /**
   * Connects, in parallel, the upstreams that the start waits for; rejects with the first that is not ready in time.
   */
  async connect(): Promise<void> {
    const blocking = this.open.filter(({ waitAtStart }) => waitAtStart);
    await Promise.all(blocking.map((upstream) => upstream.waitForReady(upstream.connectTimeoutMs)));
  }

  /** Closes all channels. Must be called after the last incoming call, which may still need them. */
  close(): void {
    for (const upstream of this.open) upstream.close();
  }
}
