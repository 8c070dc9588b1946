/** A decoded header field; all uses of a table entry share one object. */
export class HeaderField {
  /** What a reader has determined about this field, so that it is done once per table entry; 0 for not yet. */
  mark = 0;

  constructor(
    readonly name: string,
    /** One character per byte (Latin-1). */
    readonly value: string,
    /** Whether the sender forbade intermediaries to add it to a table (RFC 7541, section 7.1.3). */
    readonly neverIndexed = false,
  ) {}

  /** Its size with regard to limits of tables and lists (RFC 7541, section 4.1). */
  get size(): number {
    return this.name.length + this.value.length + FIELD_OVERHEAD_BYTES;
  }
}

/** The overhead of each field, in addition to its octets (RFC 7541, section 4.1). */
export const FIELD_OVERHEAD_BYTES = 32;

/** The fields of a header block. Equal blocks share one list, so it must not be changed. */
export class HeaderList {
  /** The result of interpreting the list, kept with it so that a repeated block is not interpreted again. */
  reading: object | undefined;

  constructor(
    readonly fields: readonly HeaderField[],
    /** The size as counted by RFC 9113, section 6.5.2. */
    readonly bytes: number,
    /** Whether it was truncated by the limits: further fields only updated the table. */
    readonly tooLarge: boolean,
  ) {}
}
