import { ByteGatherer } from './byte-gatherer.js';

/** The prefix of each message: a flag byte and its length (gRPC over HTTP/2, "Length-Prefixed-Message"). */
export const PREFIX_BYTES = 5;

/** Receives the messages of one direction of a call. */
export interface MessageSink {
  /**
   * A message is complete; returns false to pause. `owned` says whether the message has a buffer of its own; otherwise
   * its bytes are part of a socket's chunk, which they keep alive.
   */
  messageArrived(compressed: boolean, bytes: Buffer, owned: boolean): boolean;
  /** A message has begun; `bytes` of it are still missing. */
  messageAnnounced(bytes: number): void;
  /** The message is malformed or too large; nothing more is read. */
  messageRefused(why: 'flags' | 'too large'): void;
}

/**
 * Assembles messages from the bytes of DATA frames. A message that is complete in one piece is passed on in place; a
 * larger one is copied once. Memory grows with what has arrived, never with what a prefix merely announces.
 */
export class MessageReader {
  /** How much of the current message is still missing, according to its prefix. */
  leftBytes = 0;
  private prefixBytes = 0;
  private flags = 0;
  private length = 0;
  // Created if a message is not complete in one piece.
  private body: ByteGatherer | undefined;
  private refused = false;

  constructor(
    private readonly sink: MessageSink,
    private readonly maxMessageBytes: number,
  ) {}

  /** Whether the bytes so far end within a message. */
  get partial(): boolean {
    return this.prefixBytes > 0;
  }

  /** Bytes kept of an incomplete message. */
  get heldBytes(): number {
    return this.prefixBytes + (this.body?.bytes ?? 0);
  }

  /** Drops what is kept; nothing more is read. */
  stop(): void {
    this.refused = true;
    this.prefixBytes = 0;
    this.body = undefined;
  }

  /** Reads until the end, or until the sink pauses; returns where it stopped. */
  read(chunk: Buffer, start: number, end: number): number {
    let at = start;
    let wanted = true;
    while (at < end && wanted && !this.refused) {
      if (this.prefixBytes === PREFIX_BYTES) {
        const taken = Math.min(this.leftBytes, end - at);
        wanted = this.readBody(chunk, at, at + taken);
        at += taken;
        continue;
      }
      if (this.prefixBytes === 0 && end - at >= PREFIX_BYTES) {
        const length = lengthOf(chunk, at);
        if (!this.accepts(chunk[at] as number, length)) return end;
        const from = at + PREFIX_BYTES;
        if (end - from >= length) {
          wanted = this.sink.messageArrived(chunk[at] === 1, chunk.subarray(from, from + length), false);
          at = from + length;
          continue;
        }
      }
      while (at < end && this.prefixBytes < PREFIX_BYTES) {
        this.readPrefix(chunk[at++] as number);
      }
      if (this.prefixBytes === PREFIX_BYTES) wanted = this.begin();
    }
    return at;
  }

  private readPrefix(byte: number): void {
    if (this.prefixBytes++ === 0) {
      this.flags = byte;
      this.length = 0;
    } else {
      this.length = this.length * 0x100 + byte;
    }
  }

  private begin(): boolean {
    const { length } = this;
    if (!this.accepts(this.flags, length)) return false;
    this.leftBytes = length;
    if (length === 0) return this.complete();
    this.sink.messageAnnounced(length);
    return true;
  }

  private readBody(chunk: Buffer, start: number, end: number): boolean {
    (this.body ??= new ByteGatherer()).add(chunk, start, end, this.leftBytes);
    this.leftBytes -= end - start;
    return this.leftBytes > 0 || this.complete();
  }

  private complete(): boolean {
    const bytes = this.body?.join() ?? NO_BYTES;
    this.prefixBytes = 0;
    return this.sink.messageArrived(this.flags === 1, bytes, true);
  }

  private accepts(flags: number, length: number): boolean {
    if (flags <= 1 && length <= this.maxMessageBytes) return true;
    this.stop();
    this.sink.messageRefused(flags > 1 ? 'flags' : 'too large');
    return false;
  }
}

const NO_BYTES = Buffer.alloc(0);

function lengthOf(prefix: Buffer, at: number): number {
  return (
    (prefix[at + 1] as number) * 0x1000000 +
    (((prefix[at + 2] as number) << 16) | ((prefix[at + 3] as number) << 8) | (prefix[at + 4] as number))
  );
}
