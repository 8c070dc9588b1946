import type { BufferPool } from './buffer-pool.js';
import { Flag, FRAME_HEADER_BYTES, FrameType } from './frame-type.js';

/** One write to the socket, and the pool's buffers that are released after it. */
export interface FrameBatch {
  readonly chunks: readonly Uint8Array[];
  readonly buffers: readonly Buffer[];
}

/** Larger pieces of a message are written without copying; for smaller ones a copy is cheaper than another chunk. */
const COPIED_BYTES = 12 * 1024;
/** Up to this length, messages of a stream share a DATA frame. */
const SHARED_FRAME_BYTES = 16 * 1024;
/** The prefix of each gRPC message: a flag and its length. */
const PREFIX_BYTES = 5;

/** Writes frames one after the other into buffers of a pool. */
export class FrameWriter {
  /** Bytes written since the last batch was taken. */
  bytes = 0;
  private chunks: Uint8Array[] = [];
  private buffers: Buffer[] = [];
  private buffer: Buffer | undefined;
  // Start and end of the current chunk in its buffer.
  private from = 0;
  private at = 0;
  // The DATA frame that its stream's next message may join.
  private openStream = 0;
  private openAt = 0;
  private openBytes = 0;

  constructor(private readonly pool: BufferPool) {}

  /** Writes a header block, split into as many frames as the peer's limit requires. */
  headerBlock(streamId: number, block: Uint8Array, endStream: boolean, maxFrameBytes: number): void {
    const flags = endStream ? Flag.endStream : 0;
    if (block.length <= maxFrameBytes) {
      this.frame(FrameType.headers, flags | Flag.endHeaders, streamId, block.length);
      this.copy(block, 0, block.length);
      return;
    }
    for (let start = 0; start < block.length; start += maxFrameBytes) {
      const end = Math.min(block.length, start + maxFrameBytes);
      const last = end === block.length ? Flag.endHeaders : 0;
      if (start === 0) this.frame(FrameType.headers, flags, streamId, end);
      else this.frame(FrameType.continuation, last, streamId, end - start);
      this.copy(block, start, end);
    }
  }

  /**
   * Writes a part of a message, after its prefix if it is the first; consecutive messages of a stream share a frame.
   * `prefix` is the compressed flag, or -1 if the part is not the first.
   */
  message(streamId: number, prefix: number, bytes: Uint8Array, start: number, end: number): void {
    const head = prefix < 0 ? 0 : PREFIX_BYTES;
    const length = head + end - start;
    const joins =
      this.openStream === streamId && this.openBytes + length <= SHARED_FRAME_BYTES && this.fits(length);
    if (joins) {
      this.openBytes += length;
      setLength(this.buffer as Buffer, this.openAt, this.openBytes);
    } else {
      this.frame(FrameType.data, 0, streamId, length, length <= COPIED_BYTES ? length : head);
      if (length <= COPIED_BYTES) {
        this.openStream = streamId;
        this.openAt = this.at - FRAME_HEADER_BYTES;
        this.openBytes = length;
      }
    }
    if (prefix >= 0) this.prefix(prefix, bytes.length);
    if (joins || length <= COPIED_BYTES) this.copy(bytes, start, end);
    else this.refer(bytes, start, end);
  }

  /** Writes SETTINGS, given as pairs of id and value. */
  settings(pairs: ReadonlyArray<readonly [id: number, value: number]>): void {
    this.frame(FrameType.settings, 0, 0, pairs.length * 6);
    for (const [id, value] of pairs) {
      this.byte(id >>> 8);
      this.byte(id);
      this.uint32(value);
    }
  }

  settingsAck(): void {
    this.frame(FrameType.settings, Flag.ack, 0, 0);
  }

  ping(ack: boolean, payload: Uint8Array, start: number): void {
    this.frame(FrameType.ping, ack ? Flag.ack : 0, 0, 8);
    this.copy(payload, start, start + 8);
  }

  /** Writes GOAWAY; `reason` is ASCII. */
  goAway(lastStreamId: number, code: number, reason: string): void {
    this.frame(FrameType.goAway, 0, 0, 8 + reason.length);
    this.uint32(lastStreamId);
    this.uint32(code);
    for (let index = 0; index < reason.length; index++) this.byte(reason.charCodeAt(index));
  }

  resetStream(streamId: number, code: number): void {
    this.frame(FrameType.rstStream, 0, streamId, 4);
    this.uint32(code);
  }

  windowUpdate(streamId: number, increment: number): void {
    this.frame(FrameType.windowUpdate, 0, streamId, 4);
    this.uint32(increment);
  }

  /** Returns what was written since the last call. */
  take(): FrameBatch {
    this.closeChunk();
    const { chunks, buffers } = this;
    this.chunks = [];
    this.buffers = [];
    this.buffer = undefined;
    this.bytes = 0;
    this.openStream = 0;
    return { chunks, buffers };
  }

  /** Writes the header of a frame, `copied` bytes of which follow in the same buffer. */
  private frame(type: number, flags: number, streamId: number, length: number, copied = length): void {
    const needed = FRAME_HEADER_BYTES + copied;
    if (!this.fits(needed)) this.nextBuffer(needed);
    const { at } = this;
    const buffer = this.buffer as Buffer;
    setLength(buffer, at, length);
    buffer[at + 3] = type;
    buffer[at + 4] = flags;
    this.at = at + 5;
    this.uint32(streamId);
    this.bytes += FRAME_HEADER_BYTES;
    this.openStream = 0;
  }

  private fits(bytes: number): boolean {
    return this.buffer !== undefined && this.at + bytes <= this.buffer.length;
  }

  private nextBuffer(needed: number): void {
    const large = this.buffers.length > 0 || needed > 4096;
    this.closeChunk();
    this.buffer = this.pool.take(large);
    this.buffers.push(this.buffer);
    this.from = 0;
    this.at = 0;
  }

  private closeChunk(): void {
    if (this.buffer !== undefined && this.at > this.from) {
      this.chunks.push(this.buffer.subarray(this.from, this.at));
      this.from = this.at;
    }
  }

  private prefix(flag: number, length: number): void {
    this.byte(flag);
    this.uint32(length);
    this.bytes += PREFIX_BYTES;
  }

  private copy(bytes: Uint8Array, start: number, end: number): void {
    const buffer = this.buffer as Buffer;
    const length = end - start;
    if (length <= 32) {
      let { at } = this;
      for (let index = start; index < end; index++) buffer[at++] = bytes[index] as number;
    } else {
      buffer.set(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end), this.at);
    }
    this.at += length;
    this.bytes += length;
  }

  private refer(bytes: Uint8Array, start: number, end: number): void {
    this.closeChunk();
    this.chunks.push(bytes.subarray(start, end));
    this.bytes += end - start;
  }

  private byte(value: number): void {
    (this.buffer as Buffer)[this.at++] = value;
  }

  private uint32(value: number): void {
    const buffer = this.buffer as Buffer;
    const { at } = this;
    buffer[at] = value >>> 24;
    buffer[at + 1] = value >>> 16;
    buffer[at + 2] = value >>> 8;
    buffer[at + 3] = value;
    this.at = at + 4;
  }
}

function setLength(buffer: Buffer, at: number, length: number): void {
  buffer[at] = length >>> 16;
  buffer[at + 1] = length >>> 8;
  buffer[at + 2] = length;
}
