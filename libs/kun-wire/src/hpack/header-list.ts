import type { HeaderField } from './header-field.js';

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
