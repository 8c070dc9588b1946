import { ConnectionError, ErrorCode } from '../../frames/error-code.js';
import { INITIAL_WINDOW_BYTES, MAX_31_BITS, MIN_FRAME_BYTES } from '../../frames/frame-type.js';
import type { Http2Stream } from '../streams/http2-stream.js';
import { type HeaderFields, SendItem } from '../streams/send-item.js';
import type { ConnectionOutput } from './connection-output.js';

/** What the scheduler needs from its connection. */
export interface SendSchedulerHost {
  /** Writes a header block. */
  writeHeaders(stream: Http2Stream, fields: HeaderFields, endStream: boolean): void;
  /** Bytes wait for the peer, or with a negative number do no more. */
  unsentChanged(bytes: number): void;
  /** A frame of DATA was written. */
  dataWritten(): void;
}

/** How much a stream sends before the next one's turn. */
const QUANTUM_BYTES = MIN_FRAME_BYTES;

/**
 * Decides who sends: a stream with nothing before it writes at once; those that must wait, for a window or for the
 * socket, take turns of one frame each.
 */
export class SendScheduler {
  /** What the peer lets all streams send together. */
  window = INITIAL_WINDOW_BYTES;
  // Streams that have something to send and, as far as they know, may; a queue of which the first is taken.
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

  /** Sends a message behind its prefix; `prefix` is the flag of compression. */
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

  /** Takes a place for a message that is not ready; {@link complete} says what it is. */
  sendLater(stream: Http2Stream, bytes: Uint8Array, onTaken: (() => void) | undefined): SendItem {
    const item = SendItem.message(0, bytes, onTaken);
    item.ready = false;
    this.enqueue(stream, item);
    return item;
  }

  /** Sends a message whose place was taken, unless nobody waits for it any more. */
  complete(stream: Http2Stream, item: SendItem, prefix: number, bytes: Uint8Array): void {
    if (stream.items?.includes(item) !== true) {
      // Dropped meanwhile; now nobody reads its bytes any more.
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

  /** Puts something at the end of what a stream has to send. */
  enqueue(stream: Http2Stream, item: SendItem): void {
    (stream.items ??= []).push(item);
    this.host.unsentChanged(item.unsentBytes);
    this.line(stream);
  }

  /** Forgets what a stream had to send. */
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

  /** The peer's window grew; false when it grew beyond what a window may be. */
  grow(increment: number): boolean {
    this.window += increment;
    if (this.window > MAX_31_BITS) return false;
    this.pump();
    return true;
  }

  /**
   * The peer has set another initial window, which changes that of every stream (RFC 9113, section 6.9.2).
   *
   * @throws {ConnectionError} when one becomes larger than a window may be.
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

  /** Lets the streams that wait send for as long as they may. */
  pump(): void {
    const { output } = this;
    // How many in a row could not send: once all have been asked, there is nothing to do.
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

  /** Whether a stream waits for nothing of its own; the connection's window is every stream's. */
  private maySend(stream: Http2Stream): boolean {
    const item = stream.nextItem;
    if (item === undefined) return false;
    if (item.fields !== undefined) return true;
    return item.ready && stream.sendWindow > 0;
  }

  /** Sends the stream's next frame; false when it may not. */
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
    // A prefix goes with a byte of its message, if it has any; or in parts.
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
