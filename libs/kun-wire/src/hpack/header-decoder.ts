import { BlockMemory } from './block-memory.js';
import { DynamicTable } from './dynamic-table.js';
import { HeaderField, HeaderList } from './header-list.js';
import { HpackError } from './hpack-error.js';
import { huffmanDecode } from './huffman-decoder.js';
import { STATIC_FIELDS, STATIC_TABLE } from './static-table.js';

/** Limits of header lists and of the dynamic table. */
export interface HeaderDecoderOptions {
  /**
   * The maximum size of a list, as counted by RFC 9113, section 6.5.2: 32 bytes per field in addition to its octets.
   */
  readonly maxListBytes: number;
  /** The maximum number of fields in a list. */
  readonly maxFields: number;
  /** `SETTINGS_HEADER_TABLE_SIZE`. Default 4096, HTTP/2's own. */
  readonly tableBytes?: number | undefined;
}

/** HTTP/2's initial value (RFC 9113, section 6.5.2), in force until the peer acknowledges another. */
const INITIAL_TABLE_BYTES = 4096;

/**
 * Decodes the header blocks of one peer (RFC 7541), in order. Fields beyond the limits of a list are decoded anyway, to
 * keep the table in sync, and dropped.
 */
export class HeaderDecoder {
  private readonly table = new DynamicTable(INITIAL_TABLE_BYTES);
  private readonly memory = new BlockMemory();
  private readonly maxListBytes: number;
  private readonly maxFields: number;
  private readonly tableBytes: number;
  private allowedTableBytes = INITIAL_TABLE_BYTES;

  // The current block.
  private block: Buffer = EMPTY;
  private at = 0;
  private end = 0;

  constructor({ maxListBytes, maxFields, tableBytes = INITIAL_TABLE_BYTES }: HeaderDecoderOptions) {
    this.maxListBytes = maxListBytes;
    this.maxFields = maxFields;
    this.tableBytes = tableBytes;
    // The peer may use a larger one as soon as it has read the settings, before it acknowledges them.
    this.allowedTableBytes = Math.max(INITIAL_TABLE_BYTES, tableBytes);
  }

  /** The peer has acknowledged our settings: a smaller table is in force now (RFC 7541, section 4.2). */
  settingsAcknowledged(): void {
    if (this.allowedTableBytes === this.tableBytes) return;
    this.allowedTableBytes = this.tableBytes;
    // Cached blocks were decoded with a larger table.
    this.table.generation++;
  }

  /**
   * Decodes a complete header block.
   *
   * @throws {HpackError} when it is malformed; the connection cannot continue.
   */
  decode(block: Buffer, start: number, end: number): HeaderList {
    const { table, memory } = this;
    const { generation } = table;
    const key = memory.keyOf(block, start, end);
    const known = key === undefined ? undefined : memory.find(key, generation);
    if (known !== undefined) return known;
    this.block = block;
    this.at = start;
    this.end = end;
    const list = this.readList();
    this.block = EMPTY;
    if (key !== undefined && table.generation === generation) memory.keep(key, list, generation);
    return list;
  }

  private readList(): HeaderList {
    this.readSizeUpdates();
    const fields: HeaderField[] = [];
    let bytes = 0;
    let tooLarge = false;
    while (this.at < this.end) {
      const field = this.readField();
      bytes += field.name.length + field.value.length + 32;
      if (bytes > this.maxListBytes || fields.length >= this.maxFields) tooLarge = true;
      else fields.push(field);
    }
    return new HeaderList(fields, bytes, tooLarge);
  }

  private readSizeUpdates(): void {
    const { table, block } = this;
    while (this.at < this.end && ((block[this.at] as number) & 0xe0) === 0x20) {
      const maxBytes = this.readInteger(0x1f);
      if (maxBytes > this.allowedTableBytes) {
        throw new HpackError(`a table size of ${maxBytes} bytes, at most ${this.allowedTableBytes} allowed`);
      }
      table.resize(maxBytes);
    }
    if (table.maxBytes > this.allowedTableBytes)
      throw new HpackError('the reduced table size was not acknowledged');
  }

  private readField(): HeaderField {
    const first = this.block[this.at] as number;
    if (first & 0x80) return this.fieldAt(this.readInteger(0x7f));
    if (first & 0x40) {
      const field = this.readLiteral(0x3f, false);
      this.table.add(field);
      return field;
    }
    if (first & 0x20) throw new HpackError('a table size update after a field');
    return this.readLiteral(0x0f, (first & 0x10) !== 0);
  }

  private readLiteral(prefix: number, neverIndexed: boolean): HeaderField {
    const index = this.readInteger(prefix);
    const name = index === 0 ? this.readString() : this.fieldAt(index).name;
    return new HeaderField(name, this.readString(), neverIndexed);
  }

  private fieldAt(index: number): HeaderField {
    const field =
      index <= STATIC_FIELDS ? STATIC_TABLE[index - 1] : this.table.get(index - STATIC_FIELDS - 1);
    if (field === undefined) throw new HpackError(`no field has the index ${index}`);
    return field;
  }

  private readString(): string {
    if (this.at >= this.end) throw new HpackError('the block ends before a string');
    const huffman = (this.block[this.at] as number) & 0x80;
    const length = this.readInteger(0x7f);
    const start = this.at;
    const end = start + length;
    if (end > this.end) throw new HpackError('the block ends within a string');
    this.at = end;
    return huffman ? huffmanDecode(this.block, start, end) : this.block.toString('latin1', start, end);
  }

  /** RFC 7541, section 5.1. No integer of a block within limits needs more than four bytes after its prefix. */
  private readInteger(prefix: number): number {
    const { block } = this;
    let value = (block[this.at++] as number) & prefix;
    if (value < prefix) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      if (this.at >= this.end) throw new HpackError('the block ends within an integer');
      const byte = block[this.at++] as number;
      value += (byte & 0x7f) << shift;
      if ((byte & 0x80) === 0) return value;
    }
    throw new HpackError('an integer is too large');
  }
}

const EMPTY = Buffer.alloc(0);
