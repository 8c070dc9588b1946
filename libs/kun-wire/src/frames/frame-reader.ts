import { ConnectionError, ErrorCode } from './error-code.js';
import { type FrameSink, handOverFrame, paddedTooFar, streamAt, tooShort } from './frame-sink.js';
import { Flag, FRAME_HEADER_BYTES, FrameType } from './frame-type.js';

/**
 * Reads frames from chunks, regardless of where they are split. A frame that is complete in a chunk is read in place;
 * of one that is not, DATA is passed on in pieces, and anything else is kept until it is complete (at most a frame's
 * limit).
 */
export class FrameReader {
  // A frame header, or a frame, that a chunk ended in.
  private held: Buffer | undefined;
  private heldBytes = 0;
  // The current DATA frame: its remaining bytes and padding; -1 while the length of the padding is unknown.
  private inData = false;
  private dataLeft = 0;
  private paddingLeft = 0;
  private padding = 0;
  // The stream whose header block is incomplete: only its CONTINUATION may follow.
  private blockOf = 0;
  // The number of frames other than DATA, and of header blocks, that have begun.
  private blocks = 0;
  private stopped = false;
  private paused = false;
  private begun = false;

  constructor(
    private readonly sink: FrameSink,
    /** The local `SETTINGS_MAX_FRAME_SIZE`. */
    private readonly maxFrameBytes: number,
  ) {}

  /** The frame other than DATA, or header block, that is incomplete: a different number for each, 0 for none. */
  get waitingFor(): number {
    return this.heldBytes > 0 || this.blockOf !== 0 ? this.blocks : 0;
  }

  /** Stops reading, even the rest of the current chunk. */
  stop(): void {
    this.stopped = true;
    this.held = undefined;
    this.heldBytes = 0;
  }

  /** Stops after the current frame, but not within a header block, which counts as one. */
  pause(): void {
    this.paused = true;
  }

  /**
   * Reads a chunk, unless paused earlier; returns where it stopped.
   *
   * @throws {ConnectionError} for a malformed frame.
   */
  read(chunk: Buffer, from: number): number {
    const end = chunk.length;
    let at = from;
    this.paused = false;
    while (at < end && !this.stopped && (!this.paused || this.blockOf !== 0)) {
      if (this.inData) {
        at = this.readData(chunk, at, end);
      } else if (this.heldBytes > 0 || end - at < FRAME_HEADER_BYTES) {
        at = this.hold(chunk, at, end);
      } else {
        const length = lengthAt(chunk, at);
        this.check(chunk, at, length);
        const next = at + FRAME_HEADER_BYTES + length;
        if (chunk[at + 3] === FrameType.data) {
          this.beginData(chunk, at, length);
          at += FRAME_HEADER_BYTES;
        } else if (next > end) {
          at = this.hold(chunk, at, end);
        } else {
          if (this.blockOf === 0) this.blocks++;
          this.dispatch(chunk, at, length);
          at = next;
        }
      }
    }
    return this.stopped ? end : at;
  }

  /** Keeps bytes until a frame is complete; returns how far it consumed the chunk. */
  private hold(chunk: Buffer, from: number, end: number): number {
    // Not from Node's pool, 64 KiB of which a slow peer would keep alive.
    let held = (this.held ??= Buffer.allocUnsafeSlow(FRAME_HEADER_BYTES));
    let at = from;
    if (this.heldBytes === 0 && this.blockOf === 0) this.blocks++;
    if (this.heldBytes < FRAME_HEADER_BYTES) {
      at = this.fill(held, FRAME_HEADER_BYTES, chunk, at, end);
      if (this.heldBytes < FRAME_HEADER_BYTES) return at;
      const length = lengthAt(held, 0);
      this.check(held, 0, length);
      if (held[3] === FrameType.data) {
        this.beginData(held, 0, length);
        this.letGo();
        return at;
      }
      const whole = Buffer.allocUnsafeSlow(FRAME_HEADER_BYTES + length);
      held.copy(whole);
      this.held = held = whole;
    }
    at = this.fill(held, held.length, chunk, at, end);
    if (this.heldBytes === held.length) {
      this.letGo();
      this.dispatch(held, 0, held.length - FRAME_HEADER_BYTES);
    }
    return at;
  }

  private fill(held: Buffer, upTo: number, chunk: Buffer, at: number, end: number): number {
    const copied = chunk.copy(held, this.heldBytes, at, Math.min(end, at + upTo - this.heldBytes));
    this.heldBytes += copied;
    return at + copied;
  }

  private letGo(): void {
    this.held = undefined;
    this.heldBytes = 0;
  }

  /** Checks what a frame's header alone reveals, before its payload costs anything. */
  private check(frame: Buffer, at: number, length: number): void {
    const type = frame[at + 3];
    if (length > this.maxFrameBytes) {
      throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, 'a frame is larger than allowed');
    }
    if (this.blockOf !== 0 && (type !== FrameType.continuation || streamAt(frame, at) !== this.blockOf)) {
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'a header block was interrupted');
    }
    if (this.begun) return;
    this.begun = true;
    if (type !== FrameType.settings || ((frame[at + 4] as number) & Flag.ack) !== 0) {
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'the first frame is not SETTINGS');
    }
  }

  private beginData(frame: Buffer, at: number, length: number): void {
    const flags = frame[at + 4] as number;
    const streamId = streamAt(frame, at);
    const padded = (flags & Flag.padded) !== 0;
    if (padded && length === 0) tooShort();
    this.inData = true;
    this.dataLeft = length;
    this.paddingLeft = padded ? -1 : 0;
    this.padding = 0;
    this.sink.dataBegins(streamId, length, (flags & Flag.endStream) !== 0);
    if (length === 0) this.endData();
  }

  private readData(chunk: Buffer, from: number, end: number): number {
    let at = from;
    if (this.paddingLeft < 0) {
      const padding = chunk[at++] as number;
      if (padding >= this.dataLeft) paddedTooFar();
      this.paddingLeft = padding;
      this.padding = padding + 1;
      this.dataLeft -= padding + 1;
    }
    const taken = Math.min(this.dataLeft, end - at);
    if (taken > 0) {
      this.dataLeft -= taken;
      this.sink.dataBytes(chunk, at, at + taken);
      at += taken;
    }
    if (this.dataLeft === 0) {
      const skipped = Math.min(this.paddingLeft, end - at);
      this.paddingLeft -= skipped;
      at += skipped;
      if (this.paddingLeft === 0) this.endData();
    }
    return at;
  }

  private endData(): void {
    this.inData = false;
    this.sink.dataEnds(this.padding);
  }

  /** Dispatches a complete frame other than DATA. */
  private dispatch(frame: Buffer, at: number, length: number): void {
    const endHeaders = ((frame[at + 4] as number) & Flag.endHeaders) !== 0;
    switch (frame[at + 3] as number) {
      case FrameType.headers:
        if (!endHeaders) this.blockOf = streamAt(frame, at);
        break;
      case FrameType.continuation:
        if (this.blockOf === 0) {
          throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'CONTINUATION without a header block');
        }
        if (endHeaders) this.blockOf = 0;
        break;
      default:
    }
    handOverFrame(this.sink, frame, at, length);
  }
}

function lengthAt(frame: Buffer, at: number): number {
  return ((frame[at] as number) << 16) | ((frame[at + 1] as number) << 8) | (frame[at + 2] as number);
}
