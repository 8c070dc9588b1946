import { createRequire } from 'node:module';
import { create, fromBinary, toBinary, type DescFile, type DescMessage } from '@bufbuild/protobuf';
import {
  AnySchema,
  EmptySchema,
  FileDescriptorSetSchema,
  StructSchema,
  TimestampSchema,
} from '@bufbuild/protobuf/wkt';
import {
  array,
  assert,
  bigInt,
  constant,
  constantFrom,
  dictionary,
  double,
  integer,
  nat,
  oneof,
  property,
  record,
  string as text,
  uint8Array,
} from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MessageMisfitError } from '../proto/values/message-misfit.js';
import { esCodecs } from './es-codec.js';
import { ledgerService, messageNamed } from '../../test/ledger.js';

const EntrySchema = messageNamed('ledger.v1.Entry');
const LineSchema = messageNamed('ledger.v1.Line');
const RecordSchema = messageNamed('old.Record');
const LeafSchema = messageNamed('edition.Leaf');

const strict = esCodecs({ strict: true });
const lenient = esCodecs({ strict: false });

/** Why a message is not written. */
function misfit(type: DescMessage, message: unknown): string {
  try {
    strict(type).encode(message);
  } catch (error) {
    if (error instanceof MessageMisfitError) return error.message.replace(/^[\w.]+: /, '');
    throw error;
  }
  return 'fits';
}

const entry = () => create(EntrySchema, { account: 'a', lines: [{ text: 'x' }] });
const cast = (value: unknown) => value as never;

describe('a message of protobuf-es that is sent', () => {
  it('is written as protobuf-es writes it, whether created or not', () => {
    const init = { account: 'a', source: { case: 'card', value: '1' }, tags: { a: 1n }, memo: null };
    const made = create(EntrySchema, init);
    const bytes = Buffer.from(toBinary(EntrySchema, made));
    expect(strict(EntrySchema).encode(made)).toEqual(bytes);
    expect(strict(EntrySchema).encode(init)).toEqual(bytes);
    expect(lenient(EntrySchema).encode(init)).toEqual(bytes);
    expect(strict(EmptySchema).encode({}).byteLength).toBe(0);
  });

  it.each<[unknown, string]>([
    [undefined, 'expected a message kun.test.ledger.v1.Entry, found undefined'],
    [[], 'expected a message kun.test.ledger.v1.Entry, found an array'],
    [Promise.resolve(), 'expected a message kun.test.ledger.v1.Entry, found a promise that was not awaited'],
    [create(LineSchema), 'expected a message kun.test.ledger.v1.Entry, found one of kun.test.ledger.v1.Line'],
    [{ acount: 'a' }, 'acount: no such field; did you mean account?'],
    [{ booked_at: 1 }, 'booked_at: no such field; did you mean bookedAt?'],
    [{ account: 5 }, 'account: expected text, found 5'],
    [{ account: 'a\ud83d' }, 'account: the text has half of a surrogate pair, which UTF-8 cannot represent'],
    [{ cents: 1.5 }, 'cents: expected a bigint of 64 bits, found 1.5'],
    [{ cents: 2n ** 63n }, 'cents: expected a bigint of 64 bits, found 9223372036854775808'],
    [{ serial: -1n }, 'serial: expected a bigint of 64 bits, found -1'],
    [{ side: 'SIDE_DEBIT' }, 'side: expected a whole number from -2147483648 to 2147483647, found text'],
    [{ side: 2, checked: 1 }, 'checked: expected true or false, found 1'],
    [{ priority: -1 }, 'priority: expected a whole number from 0 to 4294967295, found -1'],
    [{ rate: '1' }, 'rate: expected a number, found text'],
    [{ receipt: 'base64' }, 'receipt: expected a Uint8Array, found text'],
    [
      { bookedAt: new Date(0) },
      'bookedAt: expected a message google.protobuf.Timestamp, found a Date; use timestampFromDate',
    ],
    [{ memo: { value: 'a' } }, 'memo: expected text, found an object'],
    [{ note: [] }, 'note: expected an object, found an array'],
    [{ lines: {} }, 'lines: expected an array, found an object'],
    [
      { lines: [{}, { parts: [{ count: -1 }] }] },
      'lines[1].parts[0].count: expected a whole number from 0 to 4294967295, found -1',
    ],
    [{ tags: new Map() }, 'tags: expected an object, found an object of type Map (use Object.fromEntries)'],
    [{ tags: { a: 'x' } }, 'tags["a"]: expected a bigint of 64 bits, found text'],
    [{ linesByNumber: { x: {} } }, 'linesByNumber: a key of the map is not a whole number'],
    [{ card: 'x' }, 'card: no such field'],
    [{ source: 'card' }, 'source: expected { case, value }, found text'],
    [{ source: { case: 'crad', value: '' } }, 'source: case: no such field; did you mean card?'],
    [{ source: { case: 'transfer', value: { iban: 1 } } }, 'source.transfer.iban: expected text, found 1'],
    [{ ...entry(), account: undefined }, 'account: is missing; create the message with create(...)'],
    [{ $typeName: 'kun.test.ledger.v1.Entry' }, 'account: is missing; create the message with create(...)'],
    [
      { ...entry(), lines: [{ text: 'no message' }] },
      'lines[0]: expected a message kun.test.ledger.v1.Line, found an object; create it with create(...)',
    ],
  ])('%o: %s', (message, reason) => {
    expect(misfit(EntrySchema, message)).toBe(reason);
  });

  it('must have what proto2 requires, and only values that its enums have', () => {
    expect(misfit(RecordSchema, {})).toBe('key: is required, and not set');
    expect(misfit(RecordSchema, create(RecordSchema))).toBe('key: is required, and not set');
    expect(misfit(RecordSchema, { key: '', grade: 7 })).toBe('grade: kun.test.old.Grade has no value 7');
    expect(misfit(RecordSchema, create(RecordSchema, { key: 'k', grade: 1, part: [{}] }))).toBe('fits');
  });

  it('shows no text, and ends where a message contains itself', () => {
    const leaf = create(LeafSchema, { text: 'secret' });
    Object.assign(leaf, { child: leaf });
    expect(misfit(LeafSchema, leaf)).toContain('more than 100 nested messages');
    expect(misfit(EntrySchema, { rate: 'secret' })).not.toContain('secret');
    const getter = Object.defineProperty({}, 'account', {
      enumerable: true,
      get: () => {
        throw new Error('secret');
      },
    });
    expect(misfit(EntrySchema, getter)).toBe('reading or writing it failed');
  });

  it('goes out as protobuf-es makes it where nothing is checked', () => {
    const bytes = lenient(EntrySchema).encode({ account: 5, acount: 'lost' });
    expect(fromBinary(EntrySchema, bytes)).toMatchObject({ account: '5' });
    expect(() => lenient(EntrySchema).encode({ priority: -1 })).toThrow(MessageMisfitError);
  });

  it('passes whatever create takes, of every kind of value', () => {
    const line = record({ text: text({ unit: 'grapheme' }), count: nat() });
    const init = record(
      {
        account: text({ unit: 'grapheme' }),
        cents: bigInt(-(2n ** 63n), 2n ** 63n - 1n),
        side: constantFrom(1, 9),
        source: oneof(
          constant({ case: undefined }),
          record({
            case: constant('transfer'),
            value: record({ iban: text({ unit: 'grapheme' }) }),
          }),
        ),
        tags: dictionary(text({ unit: 'grapheme' }), bigInt(0n, 9n)),
        receipt: uint8Array(),
        lines: array(line),
        linesByNumber: dictionary(integer({ min: -9, max: 9 }).map(String), line),
        rate: double(),
        note: dictionary(text({ unit: 'grapheme' }), constantFrom(null, 1, 'a', [true])),
        bookedAt: constant(create(TimestampSchema, { seconds: 1n })),
        extra: constant(create(AnySchema)),
      },
      { requiredKeys: [] },
    );
    assert(
      property(init, (message) => {
        const bytes = strict(EntrySchema).encode(message);
        expect(strict(EntrySchema).encode(strict(EntrySchema).decode(bytes))).toEqual(bytes);
      }),
    );
  });

  it('may be a Struct or a wrapper itself', () => {
    expect(
      misfit(
        StructSchema,
        create(StructSchema, { fields: { a: { kind: { case: 'numberValue', value: 1 } } } }),
      ),
    ).toBe('fits');
    expect(misfit(StructSchema, { a: 1 })).toBe('a: no such field');
  });
});

describe('a second copy of @bufbuild/protobuf', () => {
  it('has messages and types that the first reads and writes', () => {
    // What is required is another copy than what is imported.
    const other = createRequire(import.meta.url)('@bufbuild/protobuf') as typeof import('@bufbuild/protobuf');
    expect(other.create).not.toBe(create);
    const registry = other.createFileRegistry(
      create(FileDescriptorSetSchema, {
        file: [...new Set(filesOf(ledgerService().file))].map((file) => file.proto),
      }) as never,
    );
    const type = registry.getMessage(EntrySchema.typeName) as DescMessage;
    const init = {
      account: 'a',
      source: { case: 'card' as const, value: '1' },
      memo: 'm',
      lines: [{ count: 1 }],
    };
    const bytes = Buffer.from(toBinary(EntrySchema, create(EntrySchema, init)));
    for (const message of [create(EntrySchema, init), other.create(type, init), init]) {
      expect(strict(type).encode(message)).toEqual(bytes);
      expect(strict(EntrySchema).encode(message)).toEqual(bytes);
    }
    expect(strict(type).decode(bytes)).toEqual(create(EntrySchema, init));
    expect(other.toBinary(EntrySchema, strict(type).decode(bytes) as never)).toEqual(new Uint8Array(bytes));
  });
});

/** A file after all that it imports. */
function filesOf(file: DescFile): DescFile[] {
  return [...file.dependencies.flatMap(filesOf), file];
}

describe('bytes that arrive', () => {
  it.each([
    ['cut short', [0x0a, 5, 65]],
    ['an end of no group', [0x0c]],
    ['text that is no UTF-8', [0x0a, 1, 0xff]],
    ['101 nested messages', Array.from({ length: 101 }, () => 0x1b)],
  ])('are no message when they are %s', (_what, bytes) => {
    const type = bytes.length > 100 ? LeafSchema : EntrySchema;
    expect(() => strict(type).decode(Buffer.from(bytes))).toThrow(MessageMisfitError);
  });

  it('give bytes fields that copy when they are sliced', () => {
    const { receipt } = cast(strict(EntrySchema).decode(Buffer.from([0x42, 1, 7]))) as {
      receipt: Uint8Array;
    };
    const copy = receipt.slice();
    copy[0] = 8;
    expect(receipt).toEqual(new Uint8Array([7]));
  });
});
