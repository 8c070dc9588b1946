import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import type { MessageForms } from '../values/message-forms.js';
import { nanosOf } from '../values/exact-date.js';
import { codecsOf, KNOWN, PROTO3 } from '../../../test/zoo.js';

const codecs = codecsOf(PROTO3);
const all = codecs('z.All');

/** Absent, default, set, and another framing or number: what arrives, and what goes out of it again. */
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('each kind of field', () => {
  it('has its default when it is absent, and no key when it has presence', () => {
    expect(all.decode(Buffer.alloc(0))).toStrictEqual({
      f_double: 0,
      f_float: 0,
      f_int32: 0,
      f_int64: '0',
      f_uint32: 0,
      f_uint64: '0',
      f_sint32: 0,
      f_sint64: '0',
      f_fixed32: 0,
      f_fixed64: '0',
      f_sfixed32: 0,
      f_sfixed64: '0',
      f_bool: false,
      f_string: '',
      f_bytes: Buffer.alloc(0),
      f_color: 'RED',
      r_int32: [],
      r_string: [],
      items: [],
      r_color: [],
      r_int64: [],
      r_expanded: [],
      m_string: {},
      m_int32: {},
      m_int64: {},
      m_bool: new Map(),
      m_color: {},
      m_uint64: {},
      r_bool: [],
      r_double: [],
      r_bytes: [],
    });
  });

  it.each([
    ['f_int32', [0, '0', -0, null, undefined]],
    ['f_int64', [0, '0', 0n, '-0', { low: 0, high: 0, unsigned: false }]],
    ['f_double', [0, '0']],
    ['f_bool', [false]],
    ['f_string', ['']],
    ['f_bytes', [Buffer.alloc(0), new ArrayBuffer(0)]],
    ['f_color', ['RED', 0]],
    ['f_fixed64', ['0']],
    ['f_float', [0]],
  ])('without presence is left out with its default: %s', (name, defaults) => {
    for (const value of defaults) expect(all.encode({ [name]: value })).toEqual(Buffer.alloc(0));
  });

  it('keeps -0, which is not the default', () => {
    expect(all.decode(all.encode({ f_double: -0 }))).toMatchObject({ f_double: -0 });
  });

  it.each([
    { o_int32: 0 },
    { o_string: '' },
    { o_color: 'RED' },
    { f_money: {} },
    { text: '' },
    { number: 0 },
  ])('with presence goes out with its default: %o', (message) => {
    const bytes = all.encode(message);
    expect(bytes.length).toBeGreaterThan(0);
    expect(all.decode(bytes)).toMatchObject(message);
  });

  it('makes lists and maps of its own for each message', () => {
    const one = all.decode(Buffer.alloc(0)) as { r_int32: number[]; m_string: object };
    one.r_int32.push(1);
    expect(all.decode(Buffer.alloc(0))).toMatchObject({ r_int32: [] });
  });

  it('takes a list in one block and element by element, whatever the proto says', () => {
    expect(all.decode(hex('aa0102 0102 a80103 d20102 0405 d00106'))).toMatchObject({
      r_int32: [1, 2, 3],
      r_expanded: [4, 5, 6],
    });
    expect(all.encode({ r_int32: [1, 2] })).toEqual(hex('aa01020102'));
    expect(all.encode({ r_expanded: [4, 5] })).toEqual(hex('d00104 d00105'));
  });

  it('has the last of values that come twice, and messages merged', () => {
    expect(all.decode(hex('1801 1802'))).toMatchObject({ f_int32: 2 });
    expect(all.decode(hex('1801 1800'))).toMatchObject({ f_int32: 0 });
    expect(all.decode(hex('8a0105 0a03455552 8a0102 1007'))).toMatchObject({
      f_money: { currency: 'EUR', units: '7' },
    });
    // The members of a oneof take each other's place; a message in one is merged with itself only.
    expect(all.decode(hex('8a020161 900205'))).not.toHaveProperty('text');
    expect(all.decode(hex('9a0205 0a03455552 9a0202 1007'))).toMatchObject({
      cash: { currency: 'EUR', units: '7' },
    });
    expect(all.decode(hex('9a0205 0a03455552 900205 9a0202 1007'))).toMatchObject({
      cash: { currency: '', units: '7' },
    });
  });

  it('is unknown with another number, and with another framing', () => {
    expect(all.decode(hex('98060a 1a0161 1801 d30308051a0161d403 f80706'))).toMatchObject({ f_int32: 1 });
  });

  it('keeps numbers that an enum has no name for', () => {
    expect(all.decode(all.encode({ f_color: 7, r_color: ['BLUE', -1] }))).toMatchObject({
      f_color: 7,
      r_color: ['BLUE', -1],
    });
  });
});

describe('a map', () => {
  it('has its keys as they are, in both directions', () => {
    const message = {
      m_string: { toString: 'a', constructor: 'b', '': 'c' },
      m_int32: { '-1': { currency: 'EUR', units: '0' } },
      m_int64: { '9223372036854775807': 'a', '-9223372036854775808': 'b', '0': 'c' },
      m_bool: new Map([
        [true, 1],
        [false, 0],
      ]),
      m_color: { a: 'BLUE', b: 9 },
      m_uint64: { '18446744073709551615': Buffer.from('a') },
    };
    expect(all.decode(all.encode(message))).toMatchObject(message);
    expect(all.decode(all.encode({ m_bool: { true: 1 }, m_int64: new Map([[5n, 'a']]) }))).toMatchObject({
      m_bool: new Map([[true, 1]]),
      m_int64: { '5': 'a' },
    });
  });

  it('pollutes no prototype', () => {
    const map = Object.defineProperty({}, '__proto__', { value: 'evil', enumerable: true });
    const decoded = all.decode(all.encode({ m_string: map })) as { m_string: object };
    expect(Object.keys(decoded.m_string)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(decoded.m_string)).toBe(Object.prototype);
    expect(all.encode(decoded)).toEqual(all.encode({ m_string: map }));
  });

  it('takes an entry without its key or value, out of order, twice, and with more than both', () => {
    expect(all.decode(hex('da0100'))).toMatchObject({ m_string: { '': '' } });
    expect(all.decode(hex('e20100'))).toMatchObject({ m_int32: { '0': { currency: '', units: '0' } } });
    expect(all.decode(hex('da010b 1a0178 120162 0a0161 2005'))).toMatchObject({ m_string: { a: 'b' } });
    expect(all.decode(hex('e2010f 0805 1205 0a03455552 1803 1202 1007'))).toMatchObject({
      m_int32: { '5': { currency: 'EUR', units: '7' } },
    });
    expect(all.decode(hex('da0106 0a0161120162 da0106 0a0161120163'))).toMatchObject({
      m_string: { a: 'c' },
    });
  });
});

describe('names', () => {
  it('that every object has are fields like others', () => {
    const odd = codecs('z.Odd');
    const message = {
      constructor: 'a',
      toString: 'b',
      hasOwnProperty: 1,
      _leading: 'c',
      FOO_BAR: 'd',
      line_1: 2,
    };
    expect(odd.encode({})).toEqual(Buffer.alloc(0));
    expect(odd.decode(odd.encode(message))).toStrictEqual(message);
  });

  it('are in lower camel case when asked', () => {
    const camel = codecsOf(PROTO3, { fieldNames: 'camel' });
    expect(camel('z.Odd').decode(Buffer.alloc(0))).toMatchObject({ Leading: '', fooBar: '', line1: 0 });
    const message = {
      fInt32: 5,
      items: [{ sku: 'a', price: { currency: 'EUR', units: '1' } }],
      mInt64: { '1': 'a' },
    };
    expect(camel('z.All').decode(camel('z.All').encode(message))).toMatchObject(message);
    expect(() => camel('z.All').encode({ f_int32: 5 })).toThrow(
      'f_int32: no such field; did you mean fInt32?',
    );
  });

  it('that are one in lower camel case are refused at start', () => {
    const clash = `syntax = "proto3"; message M { string user_name = 1; string userName = 2; }`;
    expect(() => codecsOf(clash, { fieldNames: 'camel' })('M')).toThrow(
      'user_name and userName are both userName',
    );
    expect(() => codecsOf(clash)('M')).not.toThrow();
  });
});

describe('64-bit integers', () => {
  const message = {
    f_int64: '-9007199254740991',
    f_uint64: '9007199254740991',
    r_int64: ['1', '-4294967297'],
  };
  const form = (longs: MessageForms['longs']) => codecsOf(PROTO3, { longs })('z.All');

  it('are text, numbers or bigints', () => {
    const bytes = all.encode(message);
    expect(all.decode(bytes)).toMatchObject(message);
    expect(form('number').decode(bytes)).toMatchObject({
      f_int64: Number.MIN_SAFE_INTEGER,
      f_uint64: Number.MAX_SAFE_INTEGER,
      r_int64: [1, -4294967297],
    });
    expect(form('bigint').decode(bytes)).toMatchObject({
      f_int64: -9007199254740991n,
      r_int64: [1n, -4294967297n],
    });
    expect(form('bigint').decode(all.encode({ m_int64: { '-7': 'a' } }))).toMatchObject({
      m_int64: new Map([[-7n, 'a']]),
    });
  });

  it('are refused as numbers where those are not exact', () => {
    for (const wrong of [
      { f_int64: 2n ** 53n },
      { f_uint64: '18446744073709551615' },
      { r_int64: [-(2n ** 63n)] },
    ]) {
      expect(() => form('number').decode(all.encode(wrong))).toThrow('not exact as a number');
    }
  });

  it.each(['f_int64', 'f_uint64', 'f_sint64', 'f_fixed64', 'f_sfixed64'])(
    'are exact at every edge: %s',
    (name) => {
      const unsigned = name.includes('uint') || name === 'f_fixed64';
      for (const power of [7n, 14n, 28n, 31n, 32n, 35n, 52n, 53n, 62n, 63n]) {
        for (const value of [2n ** power - 1n, 2n ** power, -(2n ** power)]) {
          if (unsigned ? value < 0n : value >= 2n ** 63n) continue;
          for (const written of [value, String(value)]) {
            expect(all.decode(all.encode({ [name]: written }))).toMatchObject({ [name]: String(value) });
          }
          expect(form('bigint').decode(all.encode({ [name]: value }))).toMatchObject({ [name]: value });
        }
      }
    },
  );
});

describe('enum values', () => {
  it('are numbers when asked', () => {
    const numbers = codecsOf(PROTO3, { enums: 'number' })('z.All');
    expect(
      numbers.decode(numbers.encode({ f_color: 'BLUE', r_color: [1, 'RED'], m_color: { a: 2 } })),
    ).toMatchObject({
      f_color: 2,
      r_color: [1, 0],
      m_color: { a: 2 },
    });
  });

  it('with several names are the first', () => {
    const alias = codecsOf(
      'syntax = "proto3"; enum E { option allow_alias = true; A = 0; B = 1; OLD_B = 1; } message M { E e = 1; }',
    )('M');
    expect(alias.decode(alias.encode({ e: 'OLD_B' }))).toEqual({ e: 'B' });
  });
});

describe('well-known types', () => {
  const known = codecsOf(KNOWN)('w.Known');

  it('are absent when unset', () => {
    expect(known.decode(Buffer.alloc(0))).toStrictEqual({ times: [], values: {} });
    expect(known.decode(hex('0a00 1a00 2200 2a00 3200 4200 4a00 5200'))).toMatchObject({
      at: new Date(0),
      struct: {},
      value: null,
      list: [],
      mask: [],
      empty: {},
      w_string: '',
      w_int64: '0',
    });
  });

  it('keep the nanoseconds of a Timestamp that is passed on', () => {
    const bytes = known.encode({ at: '1969-12-31T23:59:58.123456789Z' });
    const { at } = known.decode(bytes) as { at: Date };
    expect(at).toEqual(new Date('1969-12-31T23:59:58.123Z'));
    expect(nanosOf(at)).toBe(123_456_789);
    expect(known.encode({ at })).toEqual(bytes);
    at.setTime(5);
    expect(nanosOf(at)).toBe(5_000_000);
  });

  it('refuse seconds that no Date can be', () => {
    expect(() => known.decode(hex('0a0a 08ffffffffffffffff7f'))).toThrow('at: 9223372036854775807 seconds');
  });

  it('merge when they come twice', () => {
    expect(known.decode(hex('0a020801 0a021005'))).toMatchObject({ at: new Date(1000) });
    expect(known.decode(hex('32030a0161 32030a0162'))).toMatchObject({ mask: ['a', 'b'] });
    expect(known.decode(hex('4a030a0161 4a00'))).toMatchObject({ w_string: 'a' });
  });

  it('are messages where they are the whole of a request or response, as generated types have it', () => {
    const whole = codecsOf(KNOWN);
    const stamp = whole('google.protobuf.Timestamp');
    expect(stamp.decode(stamp.encode(new Date(1500)))).toEqual({ seconds: '1', nanos: 500_000_000 });
    const struct = whole('google.protobuf.Struct');
    expect(struct.decode(struct.encode({ a: 1 }))).toEqual({ fields: { a: 1 } });
    expect(struct.decode(struct.encode({ fields: { a: 1 } }))).toEqual({ fields: { a: 1 } });
    const text = whole('google.protobuf.StringValue');
    expect(text.decode(text.encode('a'))).toEqual({ value: 'a' });
  });
});

describe('proto2 and editions', () => {
  const PROTO2 = `syntax = "proto2"; package p;
    enum Closed { ONE = 1; TWO = 2; }
    message Old {
      required string id = 1; optional int32 limit = 2 [default = 50]; optional Closed kind = 3; repeated Closed kinds = 4;
      optional group Part = 5 { optional string text = 1; } repeated group Parts = 6 { optional int32 n = 1; }
      repeated int32 list = 7; repeated int32 packed = 8 [packed = true]; optional Closed other = 9 [default = TWO];
      optional bytes raw = 10; optional string loose = 11; map<string, Closed> by_name = 12; extensions 100 to 200;
    }
    extend Old { optional string extra = 100; }`;
  const old = codecsOf(PROTO2)('p.Old');

  it('have declared defaults, closed enums, groups and unpacked lists', () => {
    expect(old.decode(hex('0a0161'))).toStrictEqual({
      id: 'a',
      limit: 50,
      kinds: [],
      parts: [],
      list: [],
      packed: [],
      other: 'TWO',
      by_name: {},
    });
    const message = {
      id: 'a',
      limit: 0,
      part: { text: 'b' },
      parts: [{ n: 1 }, { n: 2 }],
      list: [1],
      packed: [2],
    };
    expect(old.encode(message)).toEqual(hex('0a0161 1000 2b0a01622c 33080134 33080234 3801 420102'));
    expect(old.decode(old.encode(message))).toMatchObject(message);
    expect(old.decode(hex('0a0161 1809 2009 2001 4a0100'))).toMatchObject({ kinds: ['ONE'] });
    expect(old.decode(hex('0a0161 1809'))).not.toHaveProperty('kind');
    expect(old.decode(hex('0a0161 6205 0a01621009'))).toMatchObject({ by_name: {} });
    expect(() => old.encode({ id: 'a', kind: 7 })).toThrow(
      'kind: expected a name or number of the enum Closed',
    );
  });

  it('refuse a message without what is required, either way', () => {
    expect(() => old.encode({})).toThrow('id: required, and not set');
    expect(() => old.decode(Buffer.alloc(0))).toThrow('lacks its required field id');
  });

  it('refuse groups that end as another, or not at all', () => {
    for (const broken of ['0a0161 2b0a0162', '0a0161 2b34', '0a0161 2c', '0a0161 f30f']) {
      expect(() => old.decode(hex(broken))).toThrow('p.Old');
    }
  });

  it('take text that is no UTF-8 in proto2 only', () => {
    expect(old.decode(hex('0a0161 5a01ff'))).toMatchObject({ loose: '\ufffd' });
    expect(() => all.decode(hex('7201ff'))).toThrow('f_string');
  });

  it('have the presence, packing and framing that editions say', () => {
    const edition = codecsOf(`edition = "2023"; package e;
      enum Closed { option features.enum_type = CLOSED; A = 1; }
      message M {
        int32 explicit = 1; int32 implicit = 2 [features.field_presence = IMPLICIT];
        int32 required = 3 [features.field_presence = LEGACY_REQUIRED]; M child = 4 [features.message_encoding = DELIMITED];
        repeated int32 packed = 5; repeated int32 expanded = 6 [features.repeated_field_encoding = EXPANDED];
        Closed closed = 7; string loose = 8 [features.utf8_validation = NONE];
      }`)('e.M');
    const message = {
      explicit: 0,
      implicit: 0,
      required: 0,
      child: { required: 1 },
      packed: [1, 2],
      expanded: [3],
    };
    expect(edition.encode(message)).toEqual(hex('0800 1800 23180124 2a020102 3003'));
    expect(edition.decode(edition.encode(message))).toMatchObject(message);
    expect(edition.decode(hex('1800 3805 4201ff'))).toStrictEqual({
      implicit: 0,
      required: 0,
      packed: [],
      expanded: [],
      loose: '\ufffd',
    });
  });
});

describe('bytes that are no message', () => {
  it.each([
    ['a truncated string', '7205 6161'],
    ['a string longer than anything', '72ffffffff07'],
    ['a string longer than its message', '8a0103 0a0561 616161'],
    ['a truncated varint', '18ff'],
    ['a varint of eleven bytes', '18ffffffffffffffffffff01'],
    ['a 64-bit varint of eleven bytes', '20ffffffffffffffffffff01'],
    ['a tag of more than 32 bits', 'f8ffffffff7f00'],
    ['field number 0', '0001'],
    ['an unknown wire type', '1e'],
    ['an end of no group', '1c'],
    ['a truncated double', '0900000000'],
    ['a truncated packed list', 'aa0105 01'],
    ['a packed list that ends within a number', 'aa0101 ff 01'],
    ['a truncated map entry', 'da0105 0a0161'],
    ['invalid UTF-8', '7202c328'],
    ['an overlong encoding', '7202c080'],
    ['a surrogate in UTF-8', '7203eda080'],
    ['invalid UTF-8 as a key', 'da0103 0a01ff'],
    ['invalid UTF-8 in long text', `72c801 ${'61'.repeat(199)}ff`],
    ['an unknown field that is cut short', 'ca0705 61'],
  ])('are refused: %s', (_name, bytes) => {
    expect(() => all.decode(hex(bytes))).toThrow(/^z\.All/);
  });

  it('accept no more than 100 nested messages', () => {
    const nested = (levels: number): Buffer => {
      let bytes = Buffer.alloc(0);
      for (let level = 0; level < levels; level++) {
        const length = protobuf.Writer.create().uint32(bytes.length).finish();
        bytes = Buffer.concat([hex('a202'), length, bytes]);
      }
      return bytes;
    };
    expect(() => all.decode(nested(100))).not.toThrow();
    expect(() => all.decode(nested(101))).toThrow('more than 100 nested messages');
    expect(() => all.decode(nested(20_000))).toThrow('more than 100 nested messages');
    const groups = Buffer.concat([Buffer.alloc(20_000, hex('d303')), Buffer.alloc(20_000, hex('d403'))]);
    expect(() => all.decode(groups)).toThrow('z.All');
  });

  it('do not depend on what holds them', () => {
    const bytes = all.encode({ f_bytes: Buffer.from('abc'), f_string: 'é' });
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect(all.decode(shifted.subarray(3))).toEqual(all.decode(bytes));
  });
});
