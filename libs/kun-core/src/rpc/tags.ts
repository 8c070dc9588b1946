/** A tag's value: short, and fit for a log field and a span attribute. */
export type TagValue = string | number | boolean;

/** Short facts about a call, as `account` or `cache_hit`; the later of two values for one name wins. */
export class Tags {
  // Most calls have none.
  private values: Map<string, TagValue> | undefined;

  set(name: string, value: TagValue): this {
    (this.values ??= new Map()).set(name, value);
    return this;
  }

  get(name: string): TagValue | undefined {
    return this.values?.get(name);
  }

  get size(): number {
    return this.values?.size ?? 0;
  }

  [Symbol.iterator](): IterableIterator<[string, TagValue]> {
    return (this.values ?? NONE).entries();
  }

  /** A plain copy. */
  toJSON(): Record<string, TagValue> {
    return Object.fromEntries(this.values ?? NONE);
  }
}

const NONE: ReadonlyMap<string, TagValue> = new Map();
