/** What precedes each message: a byte of flags and its length (gRPC over HTTP/2, "Length-Prefixed-Message"). */
export const PREFIX_BYTES = 5;

/** Receives the messages of one direction of a call. */
export interface MessageSink {
  /**
   * A message is complete. `owned` says whether its bytes are its own; otherwise they lie among others in what the
   * socket gave, which they keep from the collector.
   */
  messageArrived(compressed: boolean, bytes: Buffer, owned: boolean): void;
  /** A message has begun of which `bytes` are still to come. */
  messageAnnounced(bytes: number): void;
  /** What came is no gRPC message, or one too large; nothing more is read. */
  messageRefused(why: 'flags' | 'too large', bytes: number): void;
}

/** Smaller pieces are copied together, so that they do not each keep a chunk of the socket's. */
const GATHERED_BYTES = 4 * 1024;
/** Into buffers of this size. */
const GATHER_BYTES = 16 * 1024;

/**
 * Puts messages together from the bytes of DATA frames. A message that lies whole in a piece is handed over where it
 * lies; a larger one is copied once. Memory follows what has arrived, never what a prefix only announces.
 */
export class MessageReader {
  /** Bytes kept of a message that is not complete. */
  heldBytes = 0;
  // Made when a message does not lie whole in a piece.
  private prefix: Uint8Array | undefined;
  private prefixBytes = 0;
  private left = 0;
  private pieces: Uint8Array[] | undefined;
  private gathering: Buffer | undefined;
  private gathered = 0;
  private refused = false;

  constructor(
    private readonly sink: MessageSink,
    private readonly maxMessageBytes: number,
  ) {}

  /** Whether the bytes so far end within a message. */
  get partial(): boolean {
    return this.prefixBytes > 0;
  }

  /** What is still to come of the message that has begun, as far as its prefix has told. */
  get leftBytes(): number {
    return this.left;
  }

  /** Drops what is held; nothing more will be read. */
  stop(): void {
    this.refused = true;
    this.pieces = undefined;
    this.gathering = undefined;
    this.heldBytes = 0;
  }

  read(chunk: Buffer, start: number, end: number): void {
    let at = start;
    while (at < end && !this.refused) {
      if (this.prefixBytes < PREFIX_BYTES) {
        if (this.prefixBytes === 0 && end - at >= PREFIX_BYTES) {
          const length = lengthOf(chunk, at);
          if (!this.accepts(chunk[at] as number, length)) return;
          const from = at + PREFIX_BYTES;
          if (end - from >= length) {
            at = from + length;
            this.sink.messageArrived(chunk[from - PREFIX_BYTES] === 1, chunk.subarray(from, at), false);
            continue;
          }
        }
        at = this.readPrefix(chunk, at, end);
      } else {
        at = this.readBody(chunk, at, end);
      }
    }
  }

  private readPrefix(chunk: Buffer, from: number, end: number): number {
    const prefix = (this.prefix ??= new Uint8Array(PREFIX_BYTES));
    let at = from;
    while (at < end && this.prefixBytes < PREFIX_BYTES) prefix[this.prefixBytes++] = chunk[at++] as number;
    this.heldBytes = this.prefixBytes;
    if (this.prefixBytes < PREFIX_BYTES) return at;
    this.left = lengthOf(prefix, 0);
    if (!this.accepts(prefix[0] as number, this.left)) return end;
    if (this.left === 0) this.complete();
    else this.sink.messageAnnounced(this.left);
    return at;
  }

  private readBody(chunk: Buffer, at: number, end: number): number {
    const taken = Math.min(this.left, end - at);
    this.left -= taken;
    this.heldBytes += taken;
    if (taken >= GATHERED_BYTES) {
      this.closeGathering();
      (this.pieces ??= []).push(chunk.subarray(at, at + taken));
    } else {
      this.gather(chunk, at, at + taken);
    }
    if (this.left === 0) this.complete();
    return at + taken;
  }

  private gather(chunk: Buffer, start: number, end: number): void {
    let at = start;
    while (at < end) {
      const size = Math.min(GATHER_BYTES, end - at + this.left);
      const into = (this.gathering ??= Buffer.allocUnsafe(size));
      const copied = chunk.copy(into, this.gathered, at, end);
      at += copied;
      this.gathered += copied;
      if (this.gathered === into.length) this.closeGathering();
    }
  }

  private closeGathering(): void {
    if (this.gathering !== undefined) (this.pieces ??= []).push(this.gathering.subarray(0, this.gathered));
    this.gathering = undefined;
    this.gathered = 0;
  }

  private complete(): void {
    this.closeGathering();
    const pieces = this.pieces ?? [];
    const length = this.heldBytes - PREFIX_BYTES;
    this.pieces = undefined;
    this.prefixBytes = 0;
    this.heldBytes = 0;
    const [first] = pieces;
    const bytes =
      pieces.length === 1 && first !== undefined
        ? Buffer.from(first.buffer, first.byteOffset, first.byteLength)
        : Buffer.concat(pieces, length);
    this.sink.messageArrived(this.prefix?.[0] === 1, bytes, true);
  }

  private accepts(flags: number, length: number): boolean {
    if (flags <= 1 && length <= this.maxMessageBytes) return true;
    this.stop();
    this.sink.messageRefused(flags > 1 ? 'flags' : 'too large', length);
    return false;
  }
}

function lengthOf(prefix: Uint8Array, at: number): number {
  return (
    (prefix[at + 1] as number) * 0x1000000 +
    (((prefix[at + 2] as number) << 16) | ((prefix[at + 3] as number) << 8) | (prefix[at + 4] as number))
  );
}
