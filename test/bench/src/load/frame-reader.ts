import { Flag, FRAME_HEADER_BYTES, FrameType } from './frames.js';

/** A frame within the bytes it came in: its payload lies between `start` and `end`. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

/** Cuts what a socket gives into frames. */
export class FrameReader {
  private rest: Buffer | undefined;

  take(chunk: Buffer, onFrame: (frame: Frame) => void): void {
    const bytes = this.rest ? Buffer.concat([this.rest, chunk]) : chunk;
    let at = 0;
    while (bytes.length - at >= FRAME_HEADER_BYTES) {
      const start = at + FRAME_HEADER_BYTES;
      const end = start + bytes.readUIntBE(at, 3);
      if (end > bytes.length) break;
      const [type = 0, flags = 0] = bytes.subarray(at + 3, at + 5);
      checkPlain(type, flags);
      onFrame({ type, flags, stream: bytes.readUInt32BE(at + 5), bytes, start, end });
      at = end;
    }
    this.rest = at === bytes.length ? undefined : bytes.subarray(at);
  }
}

/** What no server measured here does, and what would be read wrongly. */
function checkPlain(type: number, flags: number): void {
  const odd =
    type === FrameType.headers
      ? (flags & (Flag.padded | Flag.priority)) !== 0 || (flags & Flag.endHeaders) === 0
      : type === FrameType.data && (flags & Flag.padded) !== 0;
  if (odd) throw new Error(`frames of type ${type} that are padded, weighted or continued are not read here`);
}
