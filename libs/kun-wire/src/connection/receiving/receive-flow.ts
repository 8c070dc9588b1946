import { INITIAL_WINDOW_BYTES } from '../../frames/frame-type.js';
import type { ConnectionLimits } from '../limits/connection-limits.js';
import type { Http2Stream } from '../streams/http2-stream.js';

/** What flow control needs from its connection. */
export interface ReceiveFlowHost {
  /** Sends a WINDOW_UPDATE. */
  windowUpdate(streamId: number, increment: number): void;
  /** More or fewer bytes are unread. */
  unfinishedChanged(bytes: number): void;
}

/**
 * What the peer may send ahead. A stream's window is filled up as its messages are read, so a slow reader stalls its own
 * caller; that of the connection as bytes arrive, so that it stalls no other. Only when the unread bytes of all streams
 * exceed their limit does the connection wait for its readers.
 */
export class ReceiveFlow {
  /** Unread bytes of all streams. */
  unreadBytes = 0;
  /** What a stream may send at first: at least HTTP/2's own window, as long as the peer may not have read of ours. */
  initialBytes: number;
  private window = INITIAL_WINDOW_BYTES;

  constructor(
    private readonly host: ReceiveFlowHost,
    private readonly limits: ConnectionLimits,
  ) {
    this.initialBytes = Math.max(limits.streamWindowBytes, INITIAL_WINDOW_BYTES);
  }

  /** The peer has read our settings: its streams have our window from now on, less what they have used of the other. */
  settled(streams: Iterable<Http2Stream>): void {
    const excess = this.initialBytes - this.limits.streamWindowBytes;
    if (excess === 0) return;
    this.initialBytes -= excess;
    for (const stream of streams) {
      stream.receiveWindow -= excess;
      this.topUp(stream);
    }
  }

  /** Bytes have come; false when the peer was not allowed to send them. */
  take(bytes: number): boolean {
    this.window -= bytes;
    return this.window >= 0;
  }

  /** Fills the connection's window up, if that is worth a frame. */
  topUpConnection(): void {
    const { connectionWindowBytes: target, maxUnreadBytes } = this.limits;
    const excess = Math.max(0, this.unreadBytes - maxUnreadBytes);
    const increment = target - excess - this.window;
    if (increment < target / 2) return;
    this.window += increment;
    this.host.windowUpdate(0, increment);
  }

  /** Fills a stream's window up, if that is worth a frame. */
  topUp(stream: Http2Stream): void {
    const { windowTarget, demand, heldBytes } = stream;
    const unread = demand ? 0 : heldBytes;
    if (windowTarget - unread - stream.receiveWindow < windowTarget / 2) return;
    // Read as fast as it comes: the window may be what holds it up.
    if (demand) stream.windowTarget = Math.min(windowTarget * 2, this.limits.maxStreamWindowBytes);
    this.grant(stream, stream.windowTarget - unread);
  }

  /** Lets a stream send so many bytes from now on. */
  grant(stream: Http2Stream, windowBytes: number): void {
    const increment = windowBytes - stream.receiveWindow;
    if (increment <= 0 || stream.remoteEnded || stream.closed) return;
    stream.receiveWindow = windowBytes;
    this.host.windowUpdate(stream.id, increment);
  }

  /** A stream keeps more or fewer bytes than before. */
  held(stream: Http2Stream, heldBytes: number): void {
    const change = heldBytes - stream.heldBytes;
    if (change === 0) return;
    stream.heldBytes = heldBytes;
    this.unreadBytes += change;
    this.host.unfinishedChanged(change);
  }
}
