import * as fc from 'fast-check';
import protobuf from 'protobufjs';
import { expect, it } from 'vitest';
import { codecsOf, PROTO3 } from '../../../test/zoo.js';

const all = codecsOf(PROTO3)('z.All');
const { root } = protobuf.parse(PROTO3, new protobuf.Root(), { keepCase: true });
const theirs = root.lookupType('z.All');

const LENGTHS = [1, 127, 1023, 1024, 1025, 10_240, 300_000];

it.each(['a', 'é', '✓', '🙂'])('writes text of "%s" of any length as protobufjs does', (unit) => {
  for (const length of LENGTHS) {
    const long = unit.repeat(length);
    // Fields before it, after it that need a DataView or a number's bytes, long ones again, and within others.
    const message = {
      f_double: 1.5,
      f_string: long,
      f_bytes: Buffer.from(long),
      f_money: { currency: long, units: '-1' },
      r_string: [long, '', long],
      items: [{ sku: long, price: { currency: 'EUR', units: '9007199254740993' } }],
      r_double: [0.1, -2],
    };
    const bytes = all.encode(message);
    expect(bytes.equals(theirs.encode(theirs.fromObject(message)).finish())).toBe(true);
    expect(all.decode(bytes)).toMatchObject({
      f_string: long,
      r_string: [long, '', long],
      r_double: [0.1, -2],
    });
  }
});

it('writes long text that leaves ASCII anywhere, or never', () => {
  const somewhere = fc.tuple(
    fc.integer({ min: 0, max: 3000 }),
    fc.constantFrom('', 'é', '✓', '🙂', '\u0080', '\0'),
    fc.integer({ min: 1000, max: 3000 }),
  );
  fc.assert(
    fc.property(somewhere, ([before, unit, after]) => {
      const text = `${'a'.repeat(before)}${unit}${'b'.repeat(after)}`;
      const bytes = all.encode({ f_string: text, f_money: { currency: 'EUR', units: '1' } });
      expect(
        bytes.equals(theirs.encode({ f_string: text, f_money: { currency: 'EUR', units: 1 } }).finish()),
      ).toBe(true);
      expect(all.decode(bytes)).toMatchObject({ f_string: text, f_money: { currency: 'EUR', units: '1' } });
    }),
  );
});

it('keeps hardly more memory than a long message has bytes, whatever fields follow', () => {
  const bytes = all.encode({ f_string: 'x'.repeat(1_000_000), f_money: { currency: 'EUR', units: '1' } });
  expect(bytes.buffer.byteLength).toBeLessThan(bytes.length + 1024);
});

it.each([
  ['a', 'cut', [0xf0, 0x9f]],
  ['✓', 'a surrogate', [0xed, 0xa0, 0x80]],
  ['é', 'no UTF-8', [0xff]],
])('refuses long text of "%s" with %s as it refuses short text', (unit, _what, wrong) => {
  const errorOf = (length: number) => {
    const text = Buffer.concat([Buffer.from(unit.repeat(length)), Buffer.from(wrong)]);
    const bytes = protobuf.Writer.create().uint32(tag).bytes(text).finish();
    try {
      all.decode(bytes);
    } catch (error) {
      return String(error);
    }
    return undefined;
  };
  const tag = (theirs.fields['f_string']!.id << 3) | 2;
  expect(errorOf(100)).toContain('f_string');
  expect(errorOf(100_000)).toBe(errorOf(100));
});

it('reads a byte order mark as what it is, and says where long text is cut short', () => {
  const text = `\uFEFF${'a'.repeat(5000)}`;
  const bytes = all.encode({ f_string: text });
  expect(all.decode(bytes)).toMatchObject({ f_string: text });
  expect(() => all.decode(bytes.subarray(0, 3000))).toThrow('f_string');
});
