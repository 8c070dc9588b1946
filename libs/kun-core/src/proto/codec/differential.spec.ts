import * as fc from 'fast-check';
import protobuf from 'protobufjs';
import { expect, it } from 'vitest';
import { MessageMisfitError } from '../values/message-misfit.js';
import { codecsOf, PROTO3 } from '../../../test/zoo.js';

const all = codecsOf(PROTO3)('z.All');
const { root } = protobuf.parse(PROTO3, new protobuf.Root(), { keepCase: true });
const theirs = root.lookupType('z.All');

const text = fc.string({ unit: 'grapheme', maxLength: 200 });
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const int64 = fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n).map(String);
const uint64 = fc.bigInt(0n, 2n ** 64n - 1n).map(String);
const color = fc.constantFrom('RED', 'GREEN', 'BLUE');
const money = fc.record({ currency: text, units: int64 });

const message = fc.record(
  {
    f_double: fc.double(),
    f_float: fc.float(),
    f_int32: int32,
    f_int64: int64,
    f_uint32: uint32,
    f_uint64: uint64,
    f_sint32: int32,
    f_sint64: int64,
    f_fixed32: uint32,
    f_fixed64: uint64,
    f_sfixed32: int32,
    f_sfixed64: int64,
    f_bool: fc.boolean(),
    f_string: text,
    f_bytes: bytes,
    f_color: color,
    f_money: money,
    o_int32: int32,
    o_string: text,
    r_int32: fc.array(int32),
    r_string: fc.array(text),
    items: fc.array(fc.record({ sku: text, price: money }, { requiredKeys: [] })),
    r_color: fc.array(color),
    r_int64: fc.array(int64),
    r_expanded: fc.array(int32),
    m_string: fc.dictionary(text, text, { noNullPrototype: true }),
    text,
    r_bool: fc.array(fc.boolean()),
    r_double: fc.array(fc.double()),
    r_bytes: fc.array(bytes),
  },
  { requiredKeys: [], noNullPrototype: true },
);

it('writes the bytes that protobufjs writes of messages that fit', () => {
  fc.assert(
    fc.property(message, (given) => {
      expect(all.encode(given)).toEqual(Buffer.from(theirs.encode(theirs.fromObject(given)).finish()));
    }),
    { numRuns: 300 },
  );
});

it('reads what it wrote', () => {
  fc.assert(
    fc.property(message, (given) => {
      const bytesOf = all.encode(given);
      expect(all.encode(all.decode(bytesOf))).toEqual(bytesOf);
    }),
    { numRuns: 300 },
  );
});

it('takes any bytes, or says that they are no message, and takes what it made of them', () => {
  const near = fc
    .tuple(
      message,
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 }),
    )
    .map(([given, changes]) => {
      const changed = Buffer.from(all.encode(given));
      for (const [place, value] of changes) if (changed.length > 0) changed[place % changed.length] = value;
      return changed;
    });
  fc.assert(
    fc.property(fc.oneof(near, bytes), (given) => {
      let decoded: object;
      try {
        decoded = all.decode(given);
      } catch (error) {
        expect(error).toBeInstanceOf(MessageMisfitError);
        return;
      }
      const again = all.encode(decoded);
      expect(all.encode(all.decode(again))).toEqual(again);
    }),
    { numRuns: 2000 },
  );
});

it('throws nothing but misfits for any value', () => {
  fc.assert(
    fc.property(
      fc.dictionary(
        fc.constantFrom(...Object.keys(theirs.fields)),
        fc.anything({ withBigInt: true, withMap: true }),
      ),
      (given) => {
        try {
          const encoded = all.encode(given);
          expect(all.encode(all.decode(encoded))).toEqual(encoded);
        } catch (error) {
          expect(error).toBeInstanceOf(MessageMisfitError);
        }
      },
    ),
    { numRuns: 2000 },
  );
});
