import type { HeaderField } from './header-list.js';

/** A decoder's dynamic table (RFC 7541, section 2.3.2): the newest field comes first, the oldest are evicted. */
export class DynamicTable {
  /** Incremented with every change, so that anything derived from the table can tell when it is stale. */
  generation = 0;
  /** The number of fields. */
  count = 0;
  private bytes = 0;
  private newest = 0;
  // A ring whose length is a power of two; created with the first field, since many connections never have one.
  private ring: Array<HeaderField | undefined> | undefined;

  constructor(private limitBytes: number) {}

  /** Its current maximum size, as last set by the encoder. */
  get maxBytes(): number {
    return this.limitBytes;
  }

  /** The field at an index, 0 being the newest. */
  get(index: number): HeaderField | undefined {
    const { ring } = this;
    if (index >= this.count || ring === undefined) return undefined;
    return ring[(this.newest - index) & (ring.length - 1)];
  }

  /** Inserts a field. One that is larger than the table empties it (RFC 7541, section 4.4). */
  add(field: HeaderField): void {
    this.generation++;
    const { size } = field;
    this.evictDownTo(this.limitBytes - size);
    if (size > this.limitBytes) return;
    let ring = (this.ring ??= Array.from({ length: 16 }, () => undefined));
    if (this.count === ring.length) ring = this.grow(ring);
    this.newest = (this.newest + 1) & (ring.length - 1);
    ring[this.newest] = field;
    this.count++;
    this.bytes += size;
  }

  /** A dynamic table size update (RFC 7541, section 6.3). */
  resize(maxBytes: number): void {
    this.generation++;
    this.limitBytes = maxBytes;
    this.evictDownTo(maxBytes);
  }

  private evictDownTo(bytes: number): void {
    const { ring } = this;
    if (ring === undefined) return;
    while (this.count > 0 && this.bytes > bytes) {
      const oldest = (this.newest - this.count + 1) & (ring.length - 1);
      this.bytes -= ring[oldest]?.size ?? 0;
      ring[oldest] = undefined;
      this.count--;
    }
  }

  private grow(ring: ReadonlyArray<HeaderField | undefined>): Array<HeaderField | undefined> {
    const larger = Array.from({ length: ring.length * 2 }, (_, place) =>
      place < this.count ? ring[(this.newest + 1 + place) & (ring.length - 1)] : undefined,
    );
    this.newest = this.count - 1;
    this.ring = larger;
    return larger;
  }
}
