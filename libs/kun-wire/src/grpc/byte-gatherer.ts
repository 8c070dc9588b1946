/** Smaller pieces are copied together, so that they do not each cost an object and pin one of the socket's chunks. */
const GATHERED_BYTES = 4 * 1024;
/** The maximum size of the buffers they are copied to. */
const GATHER_BYTES = 16 * 1024;

/** Collects bytes that arrive in pieces, with memory proportional to their number, however small the pieces. */
export class ByteGatherer {
  bytes = 0;
  private pieces: Buffer[] = [];
  private open: Buffer | undefined;
  // The part of `open` that is filled but not yet one of the pieces.
  private start = 0;
  private filled = 0;

  /** Adds a piece; `expected` is how many bytes will arrive, including it, as far as known. */
  add(chunk: Buffer, start: number, end: number, expected: number = GATHER_BYTES): void {
    this.bytes += end - start;
    if (end - start >= GATHERED_BYTES) {
      this.close();
      this.pieces.push(chunk.subarray(start, end));
      return;
    }
    let rest = expected;
    for (let at = start; at < end;) {
      // Not from Node's pool: a few bytes that wait would keep 64 KiB of it alive.
      const open = (this.open ??= Buffer.allocUnsafeSlow(Math.max(1, Math.min(GATHER_BYTES, rest))));
      const copied = chunk.copy(open, this.filled, at, end);
      at += copied;
      rest -= copied;
      this.filled += copied;
      if (this.filled === open.length) {
        this.close();
        this.open = undefined;
        this.start = this.filled = 0;
      }
    }
  }

  /** Removes and returns the oldest piece. */
  shift(): Buffer | undefined {
    if (this.pieces.length === 0) this.close();
    const piece = this.pieces.shift();
    this.bytes -= piece?.length ?? 0;
    return piece;
  }

  /** Puts back the rest of a piece. */
  unshift(piece: Buffer): void {
    this.pieces.unshift(piece);
    this.bytes += piece.length;
  }

  /** Removes everything and returns it as one buffer; several pieces are copied once. */
  join(): Buffer {
    this.close();
    const { pieces, bytes } = this;
    this.pieces = [];
    this.bytes = 0;
    // A call may stay open for long without another piece.
    this.open = undefined;
    this.start = this.filled = 0;
    const [first] = pieces;
    return pieces.length === 1 && first !== undefined ? first : Buffer.concat(pieces, bytes);
  }

  /** Makes a piece of what was copied; the rest of the buffer is for what follows. */
  private close(): void {
    const { open, start, filled } = this;
    if (open !== undefined && filled > start) this.pieces.push(open.subarray(start, filled));
    this.start = filled;
  }
}
