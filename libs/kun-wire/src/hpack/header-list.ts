/** One header field, as a decoder made it: of the tables one object stands for all its uses. */
export class HeaderField {
  /**
   * What a reader of fields found out about this one, so that it need not look again where the field comes out of a
   * table; 0 means that nobody has looked.
   */
  mark = 0;

  constructor(
    readonly name: string,
    /** One character a byte (Latin-1). */
    readonly value: string,
    /** Whether the sender forbade every intermediary to put it into a table (RFC 7541, section 7.1.3). */
    readonly neverIndexed = false,
  ) {}

  /** What it counts against limits of tables and lists (RFC 7541, section 4.1). */
  get size(): number {
    return this.name.length + this.value.length + FIELD_OVERHEAD_BYTES;
  }
}

/** The overhead of each field, beyond its octets (RFC 7541, section 4.1). */
export const FIELD_OVERHEAD_BYTES = 32;

/** The fields of a header block. Blocks that were met before share one list, so nobody may change it. */
export class HeaderList {
  /**
   * What the reader of this kind of list made of it, kept with the list so that a block that comes again is not read
   * again.
   */
  reading: object | undefined;

  constructor(
    readonly fields: readonly HeaderField[],
    /** Their size as RFC 9113, section 6.5.2 counts it. */
    readonly bytes: number,
    /** Whether the limits cut it short: the fields beyond them went into the table, and nowhere else. */
    readonly tooLarge: boolean,
  ) {}
}
