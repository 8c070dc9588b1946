import { EmptySchema, ListValueSchema, StructSchema, type Empty } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { esCodecs } from './es-codec.js';
import { hasTooManyUnknown, MAX_UNKNOWN_FIELDS as MAX } from './unknown-fields.js';

/** Fields of number 15, which no type here has. */
const fields = (count: number) => Buffer.alloc(2 * count, Buffer.from([0x78, 0x01]));

/** A field that is a message, or the entry of a map: what it contains, behind its tag and length. */
function within(number: number, content: Buffer): Buffer {
  const length: number[] = [];
  let rest = content.length;
  for (; rest > 0x7f; rest >>>= 7) length.push((rest & 0x7f) | 0x80);
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length, rest]), content]);
}

describe('unknown fields', () => {
  const codec = esCodecs({ strict: true })(EmptySchema);

  it('are kept and go out again, up to the limit', () => {
    const message = codec.decode(fields(MAX)) as Empty;
    expect(message.$unknown).toHaveLength(MAX);
    expect(codec.encode(message)).toEqual(fields(MAX));
  });

  it('are left out beyond it, without a failure', () => {
    expect((codec.decode(fields(MAX + 1)) as Empty).$unknown).toBeUndefined();
  });

  it('are counted in messages of lists and maps, too', () => {
    const half = fields(MAX / 2 + 1);
    // ListValue.values = 1; Struct.fields = 1, whose entries have their value at 2.
    const list = Buffer.concat([within(1, half), within(1, half)]);
    expect(hasTooManyUnknown(ListValueSchema, list)).toBe(true);
    expect(hasTooManyUnknown(ListValueSchema, within(1, half))).toBe(false);
    const entry = within(1, within(2, half));
    expect(hasTooManyUnknown(StructSchema, Buffer.concat([entry, entry]))).toBe(true);
  });

  it('of bytes that are no message are not counted, which the reading refuses', () => {
    const cut = Buffer.concat([
      Buffer.alloc(3 * MAX, Buffer.from([0x7a, 0x01, 0x00])),
      Buffer.from([0x7a, 0x7f]),
    ]);
    expect(() => codec.decode(cut)).toThrow("not in protobuf's wire format");
  });

  it('are looked for no deeper than messages are read', () => {
    let nested: Buffer = fields(2 * MAX);
    for (let depth = 0; depth < 200; depth++) nested = within(6, within(1, nested));
    expect(hasTooManyUnknown(ListValueSchema, within(1, nested))).toBe(false);
  });
});
