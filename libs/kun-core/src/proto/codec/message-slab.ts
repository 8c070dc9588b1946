import protobuf, { type Writer } from 'protobufjs';

/** The size of a slab, which small messages share; that of Node's own buffer pool. */
const SLAB_BYTES = 8 * 1024;
/** A slab with less room than this is no longer used. Larger messages get their own memory. */
const SMALL_BYTES = 1024;

/**
 * Memory into which one writer encodes small messages one after the other: each costs only its bytes and a view of
 * them. Bytes that were handed out are never overwritten.
 */
export class MessageSlab {
  private slab: Buffer = NOTHING;
  private at = 0;
  private spare: Writer | undefined;
  private inUse: Writer | undefined;

  /** The writer for the next message. One requested meanwhile (by a message's getter) is a different one. */
  begin(): Writer {
    if (this.inUse) return protobuf.Writer.create();
    if (this.slab.length - this.at < SMALL_BYTES) {
      this.slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
      this.at = 0;
    }
    const writer = (this.spare ??= protobuf.Writer.create());
    writer.buf = this.slab;
    writer.pos = this.at;
    writer.view = null;
    writer.states = null;
    this.inUse = writer;
    return writer;
  }

  /** Returns the message, and ends the writer's use. */
  end(writer: Writer): Buffer {
    if (writer !== this.inUse) return writer.finish(true) as Buffer;
    const { buf, pos } = writer;
    const message = (buf as Buffer).subarray(this.at, pos);
    // The message may have outgrown the slab.
    if (buf === this.slab) this.at = pos;
    this.inUse = undefined;
    return message;
  }

  /** Abandons the message. */
  drop(writer: Writer): void {
    if (writer === this.inUse) this.inUse = undefined;
  }

  /** Whether messages are best written here, given the size of the last one in bytes. */
  static isFor(bytes: number): boolean {
    return bytes <= SMALL_BYTES;
  }
}

const NOTHING = Buffer.alloc(0);
