import { FIELD_OVERHEAD_BYTES } from './header-list.js';
import { huffmanEncode, huffmanLength } from './huffman-encoder.js';
import { STATIC_FIELDS, STATIC_TABLE } from './static-table.js';

/** Options of a header encoder. */
export interface HeaderEncoderOptions {
  /** The largest size of its table, even if the peer allows more. Default 4096. */
  readonly maxTableBytes?: number | undefined;
  /** Whether strings are Huffman-coded if that is shorter: fewer bytes for more work. Default false. */
  readonly huffman?: boolean | undefined;
}

/** Fields whose values could leak through the size of blocks if they were in a shared table (RFC 7541, section 7.1). */
const SECRET_NAMES: ReadonlySet<string> = new Set([
  'authorization',
  'cookie',
  'proxy-authorization',
  'set-cookie',
]);

/** How many values per name are added to the table: status and content type have few, request ids never repeat. */
const VALUES_OF_A_NAME = 3;

const STATIC_NAMES: ReadonlyMap<string, number> = new Map(
  STATIC_TABLE.map(({ name }, index) => [name, index + 1] as const).toReversed(),
);
const STATIC_PAIRS: ReadonlyMap<string, number> = new Map(
  STATIC_TABLE.map(({ name, value }, index) => [`${name}\n${value}`, index + 1] as const),
);

/**
 * Encodes header blocks for one peer (RFC 7541), in order. Its table fills with the first values of each name and then
 * stays unchanged: repeated fields take one or two bytes, those that differ from call to call evict nothing, and an
 * encoded block can be reused for as long as {@link generation} stays the same.
 */
export class HeaderEncoder {
  /** Incremented with every change of the table. */
  generation = 0;
  // Created with the first block; many connections stay idle.
  private bytes = NOTHING;
  private at = 0;
  private readonly ownMaxBytes: number;
  private readonly huffman: boolean;
  private maxBytes: number;
  private usedBytes = 0;
  private inserted = 0;
  private resized = false;
  private names: Map<string, InsertedName> | undefined;

  constructor({ maxTableBytes = 4096, huffman = false }: HeaderEncoderOptions = {}) {
    this.ownMaxBytes = maxTableBytes;
    this.maxBytes = Math.min(4096, maxTableBytes);
    this.resized = this.maxBytes < 4096;
    this.huffman = huffman;
  }

  /** The peer's `SETTINGS_HEADER_TABLE_SIZE`. */
  setPeerTableBytes(bytes: number): void {
    const maxBytes = Math.min(bytes, this.ownMaxBytes);
    if (maxBytes === this.maxBytes) return;
    this.maxBytes = maxBytes;
    this.resized = true;
    this.generation++;
  }

  /** Begins a block. */
  begin(): void {
    this.at = 0;
    if (!this.resized) return;
    this.resized = false;
    // To zero first, since the table is refilled; two updates in a row are allowed (RFC 7541, section 4.2).
    this.room(16);
    this.integer(0x20, 0x1f, 0);
    if (this.maxBytes > 0) this.integer(0x20, 0x1f, this.maxBytes);
    this.names = undefined;
    this.usedBytes = 0;
    this.inserted = 0;
    this.generation++;
  }

  /** Adds a field; `value` has one character per byte. */
  field(name: string, value: string): void {
    const staticName = STATIC_NAMES.get(name);
    const inserted = this.names?.get(name);
    const known =
      (staticName === undefined ? undefined : STATIC_PAIRS.get(`${name}\n${value}`)) ??
      this.indexOf(inserted?.insertionOf(value));
    this.room(name.length + value.length + 16);
    if (known !== undefined) {
      this.integer(0x80, 0x7f, known);
      return;
    }
    const nameIndex = staticName ?? this.indexOf(inserted?.last) ?? 0;
    const size = name.length + value.length + FIELD_OVERHEAD_BYTES;
    if (SECRET_NAMES.has(name)) {
      this.integer(0x10, 0x0f, nameIndex);
    } else if ((inserted?.values.length ?? 0) < VALUES_OF_A_NAME && this.usedBytes + size <= this.maxBytes) {
      this.integer(0x40, 0x3f, nameIndex);
      this.usedBytes += size;
      this.generation++;
      this.inserted++;
      if (inserted !== undefined) inserted.add(value, this.inserted);
      else (this.names ??= new Map<string, InsertedName>()).set(name, new InsertedName(value, this.inserted));
    } else {
      this.integer(0x00, 0x0f, nameIndex);
    }
    if (nameIndex === 0) this.string(name);
    this.string(value);
  }

  /** Returns the block; a view that is valid until the next one begins. */
  end(): Buffer {
    return this.bytes.subarray(0, this.at);
  }

  /** Fields of the dynamic table are numbered from the newest. */
  private indexOf(insertion: number | undefined): number | undefined {
    return insertion === undefined ? undefined : STATIC_FIELDS + 1 + this.inserted - insertion;
  }

  private string(text: string): void {
    const coded = this.huffman ? huffmanLength(text) : text.length;
    if (coded < text.length) {
      this.integer(0x80, 0x7f, coded);
      this.at = huffmanEncode(text, this.bytes, this.at);
    } else {
      this.integer(0x00, 0x7f, text.length);
      this.latin1(text);
    }
  }

  private latin1(text: string): void {
    const { bytes } = this;
    // Crossing into native code costs as much as about fifty characters.
    if (text.length > 48) {
      this.at += bytes.write(text, this.at, 'latin1');
      return;
    }
    let { at } = this;
    for (let index = 0; index < text.length; index++) bytes[at++] = text.charCodeAt(index);
    this.at = at;
  }

  private integer(pattern: number, prefix: number, value: number): void {
    const { bytes } = this;
    if (value < prefix) {
      bytes[this.at++] = pattern | value;
      return;
    }
    bytes[this.at++] = pattern | prefix;
    let rest = value - prefix;
    for (; rest >= 0x80; rest >>>= 7) bytes[this.at++] = (rest & 0x7f) | 0x80;
    bytes[this.at++] = rest;
  }

  private room(more: number): void {
    if (this.at + more <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(256, this.bytes.length * 2, this.at + more));
    this.bytes.copy(larger, 0, 0, this.at);
    this.bytes = larger;
  }
}

/** The values of a name that are in the table, by insertion number, from 1. */
class InsertedName {
  readonly values: string[];
  private readonly insertions: number[];

  constructor(value: string, insertion: number) {
    this.values = [value];
    this.insertions = [insertion];
  }

  get last(): number | undefined {
    return this.insertions.at(-1);
  }

  add(value: string, insertion: number): void {
    this.values.push(value);
    this.insertions.push(insertion);
  }

  insertionOf(value: string): number | undefined {
    return this.insertions[this.values.indexOf(value)];
  }
}

const NOTHING: Buffer = Buffer.alloc(0);
