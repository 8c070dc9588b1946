import type { HeaderEncoder } from '../../hpack/header-encoder.js';
import type { HeaderFields } from '../streams/send-item.js';

/** Field lists that are sent repeatedly. */
const REPEATED = new WeakSet<HeaderFields>();

/** Marks a list as sent repeatedly and unchanged, so that its encoding is reused while valid. */
export function repeatedFields(fields: HeaderFields): HeaderFields {
  REPEATED.add(fields);
  return fields;
}

interface Encoded {
  readonly block: Buffer;
  readonly generation: number;
}

/** Caches the encoded blocks of repeated fields for one peer. */
export class RepeatedBlocks {
  // Created with the first block; many connections stay idle.
  private blocks: Map<HeaderFields, Encoded> | undefined;

  constructor(private readonly encoder: HeaderEncoder) {}

  /** The encoded block of a list of fields; a view that is valid until the next call. */
  blockOf(fields: HeaderFields): Uint8Array {
    const { encoder } = this;
    const known = this.blocks?.get(fields);
    if (known !== undefined && known.generation === encoder.generation) return known.block;
    const { generation } = encoder;
    encoder.begin();
    for (const [name, value] of fields) encoder.field(name, value);
    const block = encoder.end();
    // Reusable only if encoding did not change the table.
    if (generation === encoder.generation && REPEATED.has(fields)) {
      (this.blocks ??= new Map<HeaderFields, Encoded>()).set(fields, {
        block: Buffer.from(block),
        generation,
      });
    }
    return block;
  }
}
