/** Header fields to send, in order; values have one character per byte. */
export type HeaderFields = ReadonlyArray<readonly [name: string, value: string]>;

/** Something that a stream has to send but may not yet. */
export class SendItem {
  /** How much of a message is sent. */
  at = 0;
  /** False while a message is being compressed. */
  ready = true;

  private constructor(
    /** A header block; `undefined` for a message. */
    readonly fields: HeaderFields | undefined,
    readonly endStream: boolean,
    /** The message's compressed flag; -1 once its prefix is part of {@link bytes}. */
    public prefix: number,
    public bytes: Uint8Array,
    readonly onTaken: (() => void) | undefined,
  ) {}

  static headers(fields: HeaderFields, endStream: boolean): SendItem {
    return new SendItem(fields, endStream, -1, NOTHING, undefined);
  }

  static message(prefix: number, bytes: Uint8Array, onTaken: (() => void) | undefined): SendItem {
    return new SendItem(undefined, false, prefix, bytes, onTaken);
  }

  /** The unsent bytes, as flow control counts them. */
  get unsentBytes(): number {
    return this.bytes.length - this.at + this.headBytes;
  }

  /** The unsent part of the prefix: all or nothing. */
  get headBytes(): number {
    return this.prefix >= 0 && this.at === 0 ? 5 : 0;
  }

  /** Makes the prefix part of the bytes, so that it can be split for windows smaller than it. */
  joinPrefix(): void {
    const head = Buffer.alloc(5);
    head[0] = this.prefix;
    head.writeUInt32BE(this.bytes.length, 1);
    this.bytes = Buffer.concat([head, this.bytes]);
    this.prefix = -1;
  }
}

const NOTHING = new Uint8Array(0);
