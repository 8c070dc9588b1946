import { huffmanDecode, huffmanEncode } from './huffman.js';

/** Headers by name; gRPC never sends one of those it checks twice. */
export type Headers = ReadonlyMap<string, string>;

type Entry = readonly [name: string, value: string];

const DYNAMIC_TABLE_BYTES = 4096;
const ENTRY_OVERHEAD_BYTES = 32;

/**
 * Reads header blocks (RFC 7541). A server repeats its blocks until one of its headers changes, so those that left the
 * table as it was are remembered: checking the status of a call costs a look-up.
 */
export class HeaderDecoder {
  private readonly dynamic: Entry[] = [];
  private dynamicBytes = 0;
  private maxBytes = DYNAMIC_TABLE_BYTES;
  private readonly known = new Map<string, Headers>();
  private block: Buffer = Buffer.alloc(0);
  private position = 0;

  decode(block: Buffer): Headers {
    const key = block.toString('latin1');
    const known = this.known.get(key);
    if (known) return known;
    this.block = block;
    this.position = 0;
    const headers = new Map<string, string>();
    let changed = false;
    while (this.position < block.length) {
      const first = block[this.position] ?? 0;
      if (first & 0x80) {
        const [name, value] = this.entry(this.integer(7));
        headers.set(name, value);
      } else if ((first & 0xe0) === 0x20) {
        this.maxBytes = this.integer(5);
        this.evict();
        changed = true;
      } else {
        const indexed = (first & 0x40) !== 0;
        const entry = this.literal(this.integer(indexed ? 6 : 4));
        headers.set(...entry);
        if (indexed) this.insert(entry);
        changed ||= indexed;
      }
    }
    if (changed) this.known.clear();
    else this.known.set(key, headers);
    return headers;
  }

  private literal(nameIndex: number): Entry {
    const name = nameIndex === 0 ? this.string() : this.entry(nameIndex)[0];
    return [name, this.string()];
  }

  private entry(index: number): Entry {
    const found = STATIC_TABLE[index - 1] ?? this.dynamic[index - 1 - STATIC_TABLE.length];
    if (!found) throw new Error(`no header has the index ${index}`);
    return found;
  }

  private insert(entry: Entry): void {
    this.dynamic.unshift(entry);
    this.dynamicBytes += sizeOf(entry);
    this.evict();
  }

  private evict(): void {
    while (this.dynamicBytes > this.maxBytes) {
      const oldest = this.dynamic.pop();
      if (!oldest) return;
      this.dynamicBytes -= sizeOf(oldest);
    }
  }

  private string(): string {
    const coded = ((this.block[this.position] ?? 0) & 0x80) !== 0;
    const length = this.integer(7);
    const bytes = this.block.subarray(this.position, (this.position += length));
    return coded ? huffmanDecode(bytes) : bytes.toString('latin1');
  }

  private integer(prefixBits: number): number {
    const mask = (1 << prefixBits) - 1;
    let value = (this.block[this.position++] ?? 0) & mask;
    if (value < mask) return value;
    for (let shift = 0; ; shift += 7) {
      const byte = this.block[this.position++] ?? 0;
      value += (byte & 0x7f) << shift;
      if ((byte & 0x80) === 0) return value;
    }
  }
}

/** How a header is written. */
export interface LiteralForm {
  /** Whether the peer puts it into its table, does not, or may never. Default: it does, so that it can be repeated */
  readonly indexing?: 'table' | 'none' | 'never';
  /** Whether its value is in Huffman's code. Default: as it is */
  readonly huffman?: boolean;
}

const PATTERN = { table: 0x40, none: 0x00, never: 0x10 } as const;

/** A header with its name and value written out. */
export function literalHeader(
  name: string,
  value: string,
  { indexing = 'table', huffman = false }: LiteralForm = {},
): Buffer {
  const written = huffman ? huffmanString(value) : literalString(value);
  return Buffer.concat([Buffer.of(PATTERN[indexing]), literalString(name), written]);
}

/** The `position`-th last header that was sent as a literal, 0 being the last. */
export function repeatedHeader(position: number): Buffer {
  return Buffer.of(0x80 | (STATIC_TABLE.length + 1 + position));
}

function literalString(text: string): Buffer {
  if (text.length > 126) throw new RangeError(`${text.length} characters are more than this encoder takes`);
  return Buffer.concat([Buffer.of(text.length), Buffer.from(text, 'latin1')]);
}

function huffmanString(text: string): Buffer {
  const coded = huffmanEncode(text);
  return Buffer.concat([Buffer.of(0x80 | coded.length), coded]);
}

function sizeOf([name, value]: Entry): number {
  return name.length + value.length + ENTRY_OVERHEAD_BYTES;
}

/** RFC 7541, appendix A. */
const STATIC_TABLE: readonly Entry[] =
  `:authority|:method=GET|:method=POST|:path=/|:path=/index.html|:scheme=http|
:scheme=https|:status=200|:status=204|:status=206|:status=304|:status=400|:status=404|:status=500|accept-charset|
accept-encoding=gzip, deflate|accept-language|accept-ranges|accept|access-control-allow-origin|age|allow|
authorization|cache-control|content-disposition|content-encoding|content-language|content-length|content-location|
content-range|content-type|cookie|date|etag|expect|expires|from|host|if-match|if-modified-since|if-none-match|
if-range|if-unmodified-since|last-modified|link|location|max-forwards|proxy-authenticate|proxy-authorization|range|
referer|refresh|retry-after|server|set-cookie|strict-transport-security|transfer-encoding|user-agent|vary|via|
www-authenticate`
    .replaceAll('\n', '')
    .split('|')
    .map((line) => {
      const [name = '', value = ''] = line.split('=');
      return [name, value];
    });
