import { ConnectionError, ErrorCode } from '../../frames/error-code.js';
import { INITIAL_WINDOW_BYTES, MAX_31_BITS, MIN_FRAME_BYTES } from '../../frames/frame-type.js';
import type { Http2Stream } from '../streams/http2-stream.js';
import { type HeaderFields, SendItem } from '../streams/send-item.js';
import type { ConnectionOutput } from './connection-output.js';

/** What the scheduler needs from its connection. */
export interface SendSchedulerHost {
  /** Writes a header block. */
  writeHeaders(stream: Http2Stream, fields: HeaderFields, endStream: boolean): void;
  /** The number of bytes waiting to be sent changed by `bytes`, which may be negative. */
  unsentChanged(bytes: number): void;
  /** A DATA frame was written. */
  dataWritten(): void;
}

/** How much a stream sends before the next one's turn. */
const QUANTUM_BYTES = MIN_FRAME_BYTES;

/**
 * Decides which stream sends: one with nothing ahead of it writes immediately; those that have to wait, for a window or
 * for the socket, take turns of one frame each.
 */
export class SendScheduler {
  /** The peer's connection window: how much all streams together may send. */
  window = INITIAL_WINDOW_BYTES;
  // A queue of streams that have something to send and are not blocked by their own window.
  private readonly ready: Http2Stream[] = [];
  private first = 0;

  constructor(
    private readonly host: SendSchedulerHost,
    private readonly output: ConnectionOutput,
  ) {}

  sendHeaders(stream: Http2Stream, fields: HeaderFields, endStream: boolean): void {
    if (this.free(stream)) this.host.writeHeaders(stream, fields, endStream);
    else {
      this.enqueue(stream, SendItem.headers(fields, endStream));
      this.pump();
    }
  }

  /** Sends a message after its prefix; `prefix` is the compressed flag. */
  sendMessage(
    stream: Http2Stream,
    prefix: number,
    bytes: Uint8Array,
    onTaken: (() => void) | undefined,
  ): void {
    const length = bytes.length + 5;
    const { output } = this;
    if (length > QUANTUM_BYTES || length > stream.sendWindow || length > this.window || !this.free(stream)) {
      this.enqueue(stream, SendItem.message(prefix, bytes, onTaken));
      this.pump();
      return;
    }
    stream.sendWindow -= length;
    this.window -= length;
    output.frames.message(stream.id, prefix, bytes, 0, bytes.length);
    if (onTaken !== undefined) output.callBack(onTaken);
    this.host.dataWritten();
    output.touch();
  }

  /** Reserves a place for a message that is not ready yet; {@link complete} provides it. */
  sendLater(stream: Http2Stream, bytes: Uint8Array, onTaken: (() => void) | undefined): SendItem {
    const item = SendItem.message(0, bytes, onTaken);
    item.ready = false;
    this.enqueue(stream, item);
    return item;
  }

  /** Sends a message whose place was reserved, unless it was dropped meanwhile. */
  complete(stream: Http2Stream, item: SendItem, prefix: number, bytes: Uint8Array): void {
    if (stream.items?.includes(item) !== true) {
      // Dropped meanwhile; its bytes are no longer read from now on.
      item.onTaken?.();
      return;
    }
    this.host.unsentChanged(bytes.length - item.bytes.length);
    item.prefix = prefix;
    item.bytes = bytes;
    item.ready = true;
    this.wake(stream);
  }

  /** Resumes a stream whose window grew. */
  wake(stream: Http2Stream): void {
    if (stream.nextItem !== undefined) this.line(stream);
    this.pump();
  }

  /** Appends an item to what a stream has to send. */
  enqueue(stream: Http2Stream, item: SendItem): void {
    (stream.items ??= []).push(item);
    this.host.unsentChanged(item.unsentBytes);
    this.line(stream);
  }

  /** Drops what a stream had to send. */
  drop(stream: Http2Stream): void {
    const { items, firstItem, unsentBytes } = stream;
    if (items === undefined) return;
    stream.items = undefined;
    stream.firstItem = 0;
    this.host.unsentChanged(-unsentBytes);
    for (let index = firstItem; index < items.length; index++) {
      const { onTaken, ready, at } = items[index] as SendItem;
      if (onTaken !== undefined && ready) this.output.callBackDropped(onTaken, at > 0);
    }
  }

  /** The peer's connection window grew; returns false if it exceeds the maximum. */
  grow(increment: number): boolean {
    this.window += increment;
    if (this.window > MAX_31_BITS) return false;
    this.pump();
    return true;
  }

  /**
   * The peer has changed the initial window size, which adjusts that of every stream (RFC 9113, section 6.9.2).
   *
   * @throws {ConnectionError} when a window exceeds the maximum.
   */
  windowsChanged(streams: Iterable<Http2Stream>, change: number): void {
    for (const stream of streams) {
      stream.sendWindow += change;
      if (stream.sendWindow > MAX_31_BITS) {
        throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, 'the window of a stream is too large');
      }
      if (change > 0 && stream.nextItem !== undefined) this.line(stream);
    }
    this.pump();
  }

  /** Lets waiting streams send for as long as possible. */
  pump(): void {
    const { output } = this;
    // How many in a row could not send: once it is all of them, there is nothing to do.
    let idle = 0;
    while (!output.blocked && this.ready.length > this.first + idle) {
      const stream = this.ready[this.first++] as Http2Stream;
      stream.queued = false;
      const sent = this.sendOne(stream);
      if (stream.nextItem !== undefined && this.maySend(stream)) {
        stream.queued = true;
        this.ready.push(stream);
      }
      if (sent) idle = 0;
      else if (stream.queued) idle++;
      if (this.first >= 64 && this.first * 2 >= this.ready.length) this.compact();
    }
    if (this.first === this.ready.length) this.compact();
  }

  private compact(): void {
    this.ready.splice(0, this.first);
    this.first = 0;
  }

  private free(stream: Http2Stream): boolean {
    return stream.items === undefined && !this.output.blocked && this.ready.length === 0;
  }

  private line(stream: Http2Stream): void {
    if (stream.queued) return;
    stream.queued = true;
    this.ready.push(stream);
  }

  /** Whether nothing of its own blocks a stream; the connection's window applies to all streams alike. */
  private maySend(stream: Http2Stream): boolean {
    const item = stream.nextItem;
    if (item === undefined) return false;
    if (item.fields !== undefined) return true;
    return item.ready && stream.sendWindow > 0;
  }

  /** Sends the stream's next frame; returns false if it may not. */
  private sendOne(stream: Http2Stream): boolean {
    const item = stream.nextItem;
    if (item === undefined || stream.closed) return false;
    if (item.fields !== undefined) {
      this.shift(stream);
      this.host.writeHeaders(stream, item.fields, item.endStream);
      return true;
    }
    const room = Math.min(QUANTUM_BYTES, stream.sendWindow, this.window);
    if (!item.ready || room <= 0) return false;
    // A prefix is sent together with at least one byte of its message, if any; or in parts.
    if (room < item.headBytes + Math.min(1, item.bytes.length)) item.joinPrefix();
    const { bytes, headBytes: head } = item;
    const end = Math.min(bytes.length, item.at + room - head);
    const length = head + end - item.at;
    stream.sendWindow -= length;
    this.window -= length;
    this.host.unsentChanged(-length);
    this.output.frames.message(stream.id, head > 0 ? item.prefix : -1, bytes, item.at, end);
    item.at = end;
    if (end === bytes.length) {
      if (item.onTaken !== undefined) this.output.callBack(item.onTaken);
      this.shift(stream);
    }
    this.host.dataWritten();
    this.output.touch();
    return true;
  }

  private shift(stream: Http2Stream): void {
    const { items } = stream;
    if (items === undefined) return;
    stream.firstItem++;
    if (stream.firstItem < items.length) return;
    stream.items = undefined;
    stream.firstItem = 0;
  }
}
