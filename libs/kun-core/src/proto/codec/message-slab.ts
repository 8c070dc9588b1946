import protobuf, { type Writer } from 'protobufjs';

/** The size of a slab, which small messages share; the same as Node's own buffer pool. */
const SLAB_BYTES = 8 * 1024;
/** A slab with less room than this is not used further. Larger messages get their own memory. */
const SMALL_BYTES = 1024;

/**
 * Memory that small messages are written into one behind the other, by one writer: each costs its bytes and a view of
 * them. Bytes that were handed out are never written again.
 */
export class MessageSlab {
  private slab: Buffer = NOTHING;
  private at = 0;
  private spare: Writer | undefined;
  private inUse: Writer | undefined;

  /** A writer for the next message. One that is asked for meanwhile (by a getter of the message's) is another. */
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

  /** The message, and the end of the writer's use. */
  end(writer: Writer): Buffer {
    if (writer !== this.inUse) return writer.finish(true) as Buffer;
    const { buf, pos } = writer;
    const message = (buf as Buffer).subarray(this.at, pos);
    // It may have grown out of the slab.
    if (buf === this.slab) this.at = pos;
    this.inUse = undefined;
    return message;
  }

  /** The message was abandoned. */
  drop(writer: Writer): void {
    if (writer === this.inUse) this.inUse = undefined;
  }

  /** Whether messages are best written here when the last one had so many bytes. */
  static isFor(bytes: number): boolean {
    return bytes <= SMALL_BYTES;
  }
}

const NOTHING = Buffer.alloc(0);
