import type { Duplex } from 'node:stream';

/** A connection that calls come over. */
export interface ServedConnection {
  readonly socket: Duplex;
  /** `address:port` of the peer; empty where the byte stream has none. */
  readonly peer: string;
  /** Calls that are open. */
  readonly openStreams: number;
  /**
   * Asks the peer to make new calls elsewhere (GOAWAY in two steps); calls in flight, and those that it makes before it
   * has heard, are served. The connection closes after the last.
   */
  goAway(reason?: string): void;
  /**
   * Ends every open call with UNAVAILABLE, takes no more, and closes once the statuses are out, for which there is
   * `closeTimeoutMs`.
   */
  close(): void;
  /** Cuts the connection. */
  destroy(): void;
  /** Calls back when the connection is gone; at once if it is. */
  onClose(callback: () => void): void;
}
