import { describe, expect, it } from 'vitest';
import { MessageMisfitError } from '../values/message-misfit.js';
import { codecsOf, KNOWN, PROTO3 } from '../../../test/zoo.js';

const strict = codecsOf(`${PROTO3}message Group { repeated All list = 1; }`);
const all = strict('z.All');
const known = codecsOf(KNOWN)('w.Known');
const lenient = codecsOf(PROTO3, { strict: false })('z.All');

const cyclic: Record<string, unknown> = {};
cyclic['self'] = cyclic;
const cyclicJson: Record<string, unknown> = {};
cyclicJson['a'] = [cyclicJson];

class Reply {
  password = 'secret';
  get f_string() {
    return 'a';
  }
}

/** Message, the path of what does not fit, and a part of what is said of it. */
const MISFITS: ReadonlyArray<readonly [string, unknown, string, string]> = [
  ['an unknown key', { zzz: 1 }, 'zzz', 'no such field'],
  ['a camelCase key', { fString: 'a' }, 'fString', 'did you mean f_string?'],
  [
    'a misspelt key, nested',
    { items: [{}, { sku: 'a', prise: {} }] },
    'items[1].prise',
    'did you mean price?',
  ],
  [
    'a value deep down',
    { items: [{}, {}, {}, { price: { currency: 5 } }] },
    'items[3].price.currency',
    'found 5',
  ],
  ['a key besides an absent one', { f_string: undefined, zzz: 1 }, 'zzz', 'no such field'],
  ['a key besides null', { f_string: null, zzz: 1 }, 'zzz', 'no such field'],
  ['a null under an unknown key', { zzz: null }, 'zzz', 'no such field'],
  ['_id for id', { _sku: 'a' }, '_sku', 'no such field'],
  ['an extra property of an instance', new Reply(), 'password', 'no such field'],
  ['a misspelt enum name', { f_color: 'GREN' }, 'f_color', 'did you mean GREEN?'],
  ['an enum name in lower case', { f_color: 'green' }, 'f_color', 'did you mean GREEN?'],
  ['an enum name of every object', { f_color: 'toString' }, 'f_color', 'has no value "toString"'],
  ['an enum value that is a fraction', { f_color: 1.5 }, 'f_color', 'found 1.5'],
  ['an enum value that is an object', { f_color: {} }, 'f_color', 'found an object'],
  ['text for a number', { f_int32: 'abc' }, 'f_int32', 'found text'],
  ['no text for a number', { f_int32: '' }, 'f_int32', 'found text'],
  ['hexadecimal', { f_int32: '0x10' }, 'f_int32', 'found text'],
  ['NaN', { f_int32: Number.NaN }, 'f_int32', 'found NaN'],
  ['a fraction', { f_int32: 1.5 }, 'f_int32', 'found 1.5'],
  ['2^32 for int32', { f_int32: 2 ** 32 }, 'f_int32', 'found 4294967296'],
  ['2^31 for int32', { f_int32: 2 ** 31 }, 'f_int32', 'from -2147483648 to 2147483647'],
  ['2^31 for sint32', { f_sint32: 2 ** 31 }, 'f_sint32', 'sint32'],
  ['-1 for uint32', { f_uint32: -1 }, 'f_uint32', 'from 0 to 4294967295'],
  ['2^32 for fixed32', { f_fixed32: 2 ** 32 }, 'f_fixed32', 'fixed32'],
  ['a Date for a number', { f_int32: new Date(0) }, 'f_int32', 'found a Date'],
  ['true for a number', { f_double: true }, 'f_double', 'found true'],
  ['text for a double', { f_double: '1,5' }, 'f_double', 'found text'],
  ['1e39 for a float', { f_float: 1e39 }, 'f_float', 'float'],
  ['text for int64', { f_int64: '12a' }, 'f_int64', 'found text'],
  ['2^63 for int64', { f_int64: 2n ** 63n }, 'f_int64', 'found 9223372036854775808'],
  ['2^53 as a number', { f_int64: 2 ** 53 }, 'f_int64', 'exact number'],
  ['1.5 for int64', { f_int64: 1.5 }, 'f_int64', 'found 1.5'],
  ['-1 for uint64', { f_uint64: -1n }, 'f_uint64', 'uint64'],
  ['text of 2^64', { f_uint64: '18446744073709551616' }, 'f_uint64', 'uint64'],
  ['text for a bool', { f_bool: 'false' }, 'f_bool', 'expected true or false, found text'],
  ['0 for a bool', { f_bool: 0 }, 'f_bool', 'expected true or false, found 0'],
  ['a number for text', { f_string: 5 }, 'f_string', 'expected text, found 5'],
  ['half of an emoji', { f_string: '😀'.slice(0, 1) }, 'f_string', 'surrogate'],
  ['half of an emoji in long text', { f_string: `${'a'.repeat(200)}\ud800` }, 'f_string', 'surrogate'],
  ['half of an emoji as a key', { m_string: { '\udc00': 'a' } }, 'm_string["\\udc00"]', 'surrogate'],
  ['text for bytes', { f_bytes: 'hello' }, 'f_bytes', 'Buffer.from(text'],
  ['JSON of a Buffer', { f_bytes: Buffer.from('a').toJSON() }, 'f_bytes', 'found an object'],
  ['an object for a list', { r_int32: { 0: 1 } }, 'r_int32', 'expected an array, found an object'],
  ['text for a list', { r_string: 'abc' }, 'r_string', 'expected an array, found text'],
  ['a Set for a list', { r_string: new Set(['a']) }, 'r_string', 'expected an array'],
  ['an absent element', { r_string: ['a', undefined] }, 'r_string[1]', 'found undefined'],
  ['null in a list', { items: [null] }, 'items[0]', 'found null'],
  ['a misfit in a packed list', { r_int32: [1, 2, 'x'] }, 'r_int32[2]', 'found text'],
  ['an array for a map', { m_string: [['a', 'b']] }, 'm_string', 'expected a map, found an array'],
  ['null in a map', { m_string: { a: null } }, 'm_string["a"]', 'found null'],
  ['a bad key', { m_int32: { a: {} } }, 'm_int32["a"]', 'found text'],
  ['a bad key of a Map', { m_bool: new Map([[1, 2]]) }, 'm_bool["1"]', 'expected true or false'],
  ['a bad boolean key', { m_bool: { yes: 1 } }, 'm_bool["yes"]', 'true or false'],
  ['a misfit in a map', { m_int32: { 7: { units: 'x' } } }, 'm_int32["7"].units', 'found text'],
  ['two of a oneof', { text: 'a', number: 0 }, '', 'text and number are set'],
  ['a oneof by its name', { choice: { text: 'a' } }, 'choice', 'set one of its members'],
  ['the name of a member that is not set', { choice: 'text', number: 1 }, 'choice', 'set one of its members'],
  ['text for a message', { f_money: 'EUR 5' }, 'f_money', 'expected an object for z.Money, found text'],
  ['an array for a message', { f_money: [] }, 'f_money', 'found an array'],
  ['a promise for a message', { f_money: Promise.resolve({}) }, 'f_money', 'not awaited'],
  ['a Date for a message', { f_money: new Date() }, 'f_money', 'found a Date'],
  ['a Map for a message', { f_money: new Map() }, 'f_money', 'found an object of type Map'],
  ['an Error for a message', { f_money: new Error('x') }, 'f_money', 'found an object of type Error'],
  ['nothing at all', undefined, '', 'expected an object for z.All, found undefined'],
  ['a list as the message', [], '', 'found an array'],
  ['a message that contains itself', cyclic, '.self'.repeat(101).slice(1), 'does one contain itself?'],
  [
    'a getter that throws',
    Object.defineProperty({}, 'f_int32', {
      get: () => Number(1n + (1 as unknown as bigint)),
      enumerable: true,
    }),
    'f_int32',
    'reading or writing it failed',
  ],
];

const KNOWN_MISFITS: ReadonlyArray<readonly [string, unknown, string, string]> = [
  ['an invalid Date', { at: new Date(Number.NaN) }, 'at', 'an invalid Date'],
  ['a number for a time', { at: Date.now() }, 'at', 'expected a Date'],
  ['a day that is none', { at: '2026-02-30T00:00:00Z' }, 'at', 'expected a Date'],
  ['a local time', { at: '2026-02-20T00:00:00' }, 'at', 'expected a Date'],
  ['the year 10000', { at: new Date(253402300800000) }, 'at', 'expected seconds from'],
  ['a list of times', { times: [new Date(0), 'now'] }, 'times[1]', 'expected a Date'],
  ['too many nanos', { at: { seconds: 1, nanos: 1e9 } }, 'at', 'nanos'],
  ['a misspelt part of a time', { at: { secs: 1 } }, 'at', 'expected a Date'],
  ['a duration without a unit', { ttl: '5' }, 'ttl', "'1.5s'"],
  ['a duration in minutes', { ttl: '5m' }, 'ttl', "'1.5s'"],
  ['NaN for a duration', { ttl: Number.NaN }, 'ttl', 'found NaN'],
  ['two signs in a duration', { ttl: { seconds: 1, nanos: -1 } }, 'ttl', 'the same sign'],
  ['a list for a Struct', { struct: [] }, 'struct', 'expected an object'],
  ['NaN in a Struct', { struct: { a: [1, Number.NaN] } }, 'struct.a[1]', 'finite'],
  ['a symbol in a Struct', { struct: { a: Symbol('a') } }, 'struct.a', 'JSON cannot represent a symbol'],
  ['bytes in a Struct', { struct: { a: Buffer.from('a') } }, 'struct.a', 'expected an object'],
  ['a Set in a Value', { value: new Set() }, 'value', 'expected an object'],
  ['a bigint that no double is', { value: 2n ** 53n + 1n }, 'value', 'found 9007199254740993'],
  ['an object for a ListValue', { list: { a: 1 } }, 'list', 'expected an array'],
  ['a number for a mask', { mask: 1 }, 'mask', 'paths'],
  ['a type that was not read', { any: { '@type': 'x/w.Gone' } }, 'any', 'no message w.Gone'],
  ['a misfit in an Any', { any: { '@type': 'x/w.Note', txt: 'a' } }, 'any.txt', 'did you mean text?'],
  ['text for a wrapped number', { w_int64: 'abc' }, 'w_int64.value', 'found text'],
];

function misfitOf(encode: () => unknown): MessageMisfitError {
  try {
    encode();
  } catch (error) {
    expect(error).toBeInstanceOf(MessageMisfitError);
    return error as MessageMisfitError;
  }
  throw new Error('the message was taken');
}

describe('what does not fit a proto', () => {
  it.each(MISFITS)('%s', (_name, message, path, reason) => {
    const error = misfitOf(() => all.encode(message));
    expect(error).toMatchObject({ messageType: 'z.All', path });
    expect(error.message).toContain(reason);
  });

  it.each(KNOWN_MISFITS)('%s', (_name, message, path, reason) => {
    const error = misfitOf(() => known.encode(message));
    expect(error).toMatchObject({ messageType: 'w.Known', path });
    expect(error.message).toContain(reason);
  });

  it('a structure of JSON that contains itself', () => {
    expect(misfitOf(() => known.encode({ struct: cyclicJson })).reason).toContain('does one contain itself?');
  });

  it('shows nothing of texts, which may be secrets', () => {
    for (const field of ['f_int32', 'f_int64', 'f_bool', 'f_bytes', 'f_money', 'r_string', 'm_string']) {
      expect(misfitOf(() => all.encode({ [field]: 'hunter2' })).message).not.toContain('hunter2');
    }
  });

  it('reaches through messages of a list of messages', () => {
    expect(misfitOf(() => strict('z.Group').encode({ list: [{ m_color: { a: 'PINK' } }] })).path).toBe(
      'list[0].m_color["a"]',
    );
  });

  it('is left out or converted where messages need not be strict', () => {
    const sent = {
      zzz: 1,
      f_int32: '7.9',
      f_color: 'GREN',
      f_bool: 1,
      f_string: 5,
      f_int64: 'x',
      f_bytes: 'aGk=',
      r_int32: 'abc',
    };
    expect(lenient.decode(lenient.encode(sent))).toMatchObject({
      f_int32: 7,
      f_color: 'RED',
      f_bool: true,
      f_string: '5',
      f_int64: '0',
      f_bytes: Buffer.from('hi'),
      r_int32: [],
    });
  });
});

describe('what people write', () => {
  const same = (given: object, wanted: object) => expect(all.decode(all.encode(given))).toMatchObject(wanted);

  it('is numbers as text, bigint, boxed, or of another library', () => {
    same(
      { f_int32: '-5', f_double: '1.5e3', f_int64: 5n, f_uint64: '18446744073709551615', f_sint64: -7 },
      { f_int32: -5, f_double: 1500, f_int64: '5', f_uint64: '18446744073709551615', f_sint64: '-7' },
    );
    same({ f_int64: { low: -1, high: -1, unsigned: false } }, { f_int64: '-1' });
    same({ r_int64: BigInt64Array.of(1n, -(2n ** 63n)) }, { r_int64: ['1', '-9223372036854775808'] });
    same(
      { r_double: Float64Array.of(1.5, Infinity), r_int32: Int8Array.of(-1) },
      { r_double: [1.5, Infinity] },
    );
  });

  it('is null and undefined for what is not there', () => {
    const absent = Object.fromEntries(
      ['f_string', 'f_money', 'o_int32', 'items', 'm_string', 'text', 'f_color'].map((name) => [name, null]),
    );
    expect(all.encode(absent)).toEqual(Buffer.alloc(0));
    expect(all.encode({ f_money: undefined, zzz: undefined })).toEqual(Buffer.alloc(0));
    // One of a oneof may be null beside the one that is set.
    same({ text: 'a', number: null }, { text: 'a' });
  });

  it('is an instance with getters, methods, marks of tools and private state', () => {
    class Base {
      $type = 'z.All';
      onChange = () => undefined;
      ['_f_string'] = 'inner';
      readonly #hidden = 3;
      get f_string() {
        return this['_f_string'];
      }
      get f_int32() {
        return this.#hidden;
      }
      toJSON() {
        return { nothing: 'of it' };
      }
    }
    class Derived extends Base {
      f_bool = true;
    }
    same(Object.freeze(new Derived()), { f_string: 'inner', f_int32: 3, f_bool: true });
    same(Object.assign(Object.create(null) as object, { f_string: 'a' }), { f_string: 'a' });
  });

  it('is what toJSON makes of an instance that holds more than the message', () => {
    class Entity {
      dataValues = { f_string: 'a' };
      changed = [];
      toJSON() {
        return this.dataValues;
      }
    }
    same({ self: new Entity() }, { self: { f_string: 'a' } });
  });

  it('is the keys that proto-loader adds', () => {
    same({ choice: 'text', text: 'a', _o_int32: 'o_int32', o_int32: 0 }, { text: 'a', o_int32: 0 });
  });

  it('is Dates, durations, JSON, plain values and types by name', () => {
    const decoded = known.decode(
      known.encode({
        at: new Date(-1),
        ttl: 1500.25,
        struct: { a: [1, null, { b: 'c' }], when: new Date(0), gone: undefined },
        value: null,
        list: [true, [undefined]],
        mask: 'a.b,c',
        any: { '@type': 'type.googleapis.com/w.Note', text: 'hi' },
        empty: {},
        w_string: '',
        w_int64: { value: 5n },
        w_bool: false,
        w_bytes: Buffer.from('a'),
        times: ['2026-01-31T12:00:00.123456789+02:00', { seconds: '1', nanos: 5 }],
        values: new Map<string, unknown>([['__proto__', 1]]),
      }),
    );
    expect(decoded).toMatchObject({
      at: new Date(-1),
      ttl: { seconds: '1', nanos: 500_250_000 },
      struct: { a: [1, null, { b: 'c' }], when: '1970-01-01T00:00:00.000Z' },
      value: null,
      list: [true, [null]],
      mask: ['a.b', 'c'],
      any: { type_url: 'type.googleapis.com/w.Note', value: Buffer.from([10, 2, 104, 105]) },
      empty: {},
      w_string: '',
      w_int64: '5',
      w_bool: false,
      times: [new Date('2026-01-31T10:00:00.123Z'), new Date(1000)],
    });
    expect(known.encode(decoded)).toEqual(known.encode(decoded));
    expect((Object.prototype as { values?: unknown }).values).toBeUndefined();
  });

  it.each([
    ['1.5s', { seconds: '1', nanos: 500_000_000 }],
    ['-0.000000001s', { seconds: '0', nanos: -1 }],
    [-1500, { seconds: '-1', nanos: -500_000_000 }],
    [0.1, { seconds: '0', nanos: 100_000 }],
    [{ seconds: 3n }, { seconds: '3', nanos: 0 }],
  ])('is a duration as %o', (ttl, wanted) => {
    expect(known.decode(known.encode({ ttl }))).toMatchObject({ ttl: wanted });
  });
});
