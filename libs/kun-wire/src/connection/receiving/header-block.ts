import { ownCopy } from '../../frames/own-copy.js';
import { FloodError } from '../../process/refusal.js';

/** A header block that spans several frames, within limits. */
export class HeaderBlock {
  streamId = 0;
  endStream = false;
  private pieces: Buffer[] = [];
  private bytes = 0;
  private continuations = 0;

  constructor(
    private readonly maxBytes: number,
    private readonly maxContinuations: number,
  ) {}

  begin(streamId: number, endStream: boolean, block: Buffer, start: number, end: number): void {
    this.streamId = streamId;
    this.endStream = endStream;
    this.continuations = 0;
    this.add(block, start, end);
  }

  /** @throws {FloodError} when it exceeds the limits. */
  goOn(block: Buffer, start: number, end: number): void {
    this.continuations++;
    if (this.continuations > this.maxContinuations) {
      throw new FloodError('too-many-continuations', 'too many CONTINUATION frames');
    }
    this.add(block, start, end);
  }

  /** Returns the whole block. */
  end(): Buffer {
    const whole = Buffer.concat(this.pieces, this.bytes);
    this.pieces = [];
    this.bytes = 0;
    return whole;
  }

  private add(block: Buffer, start: number, end: number): void {
    this.bytes += end - start;
    if (this.bytes > this.maxBytes) {
      throw new FloodError('headers-too-large', 'a header block is too large');
    }
    // Copied: the frame is part of the socket's buffer.
    this.pieces.push(ownCopy(block.subarray(start, end)));
  }
}
