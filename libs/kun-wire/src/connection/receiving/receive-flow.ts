import { INITIAL_WINDOW_BYTES } from '../../frames/frame-type.js';
import type { ConnectionLimits } from '../limits/connection-limits.js';
import type { Http2Stream } from '../streams/http2-stream.js';

/** What flow control needs from its connection. */
export interface ReceiveFlowHost {
  /** Sends a WINDOW_UPDATE. */
  windowUpdate(streamId: number, increment: number): void;
  /** The number of unread bytes has changed. */
  unfinishedChanged(bytes: number): void;
}

/**
 * Receive-side flow control. A stream's window is replenished as its messages are read, so a slow reader stalls its own
 * caller; the connection's window as bytes arrive, so that a slow reader stalls no other caller. Only when the unread
 * bytes of all streams exceed their limit does the connection wait for its readers.
 */
export class ReceiveFlow {
  /** Unread bytes of all streams. */
  unreadBytes = 0;
  /**
   * The initial window of a stream: at least HTTP/2's default, as long as the peer may not have read the local
   * settings.
   */
  initialBytes: number;
  private window = INITIAL_WINDOW_BYTES;

  constructor(
    private readonly host: ReceiveFlowHost,
    private readonly limits: ConnectionLimits,
  ) {
    this.initialBytes = Math.max(limits.streamWindowBytes, INITIAL_WINDOW_BYTES);
  }

  /**
   * The peer has acknowledged the local settings: its streams now have that window, less what they have already used.
   */
  settled(streams: Iterable<Http2Stream>): void {
    const excess = this.initialBytes - this.limits.streamWindowBytes;
    if (excess === 0) return;
    this.initialBytes -= excess;
    for (const stream of streams) {
      stream.receiveWindow -= excess;
      this.topUp(stream);
    }
  }

  /** Bytes have arrived; returns false if the peer was not allowed to send them. */
  take(bytes: number): boolean {
    this.window -= bytes;
    return this.window >= 0;
  }

  /** Replenishes the connection's window, if that is worth a frame. */
  topUpConnection(): void {
    const { connectionWindowBytes: target, maxUnreadBytes } = this.limits;
    const excess = Math.max(0, this.unreadBytes - maxUnreadBytes);
    const increment = target - excess - this.window;
    if (increment < target / 2) return;
    this.window += increment;
    this.host.windowUpdate(0, increment);
  }

  /** Replenishes a stream's window, if that is worth a frame. */
  topUp(stream: Http2Stream): void {
    const { windowTarget, demand, heldBytes } = stream;
    const unread = demand ? 0 : heldBytes;
    if (windowTarget - unread - stream.receiveWindow < windowTarget / 2) return;
    // Read as fast as it arrives: the window may be the bottleneck.
    if (demand) stream.windowTarget = Math.min(windowTarget * 2, this.limits.maxStreamWindowBytes);
    this.grant(stream, stream.windowTarget - unread);
  }

  /** Sets how many bytes a stream may send from now on. */
  grant(stream: Http2Stream, windowBytes: number): void {
    const increment = windowBytes - stream.receiveWindow;
    if (increment <= 0 || stream.remoteEnded || stream.closed) return;
    stream.receiveWindow = windowBytes;
    this.host.windowUpdate(stream.id, increment);
  }

  /** The number of bytes held for a stream has changed. */
  held(stream: Http2Stream, heldBytes: number): void {
    const change = heldBytes - stream.heldBytes;
    if (change === 0) return;
    stream.heldBytes = heldBytes;
    this.unreadBytes += change;
    this.host.unfinishedChanged(change);
  }
}
