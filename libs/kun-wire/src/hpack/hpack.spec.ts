import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeaderDecoder } from './header-decoder.js';
import { HeaderEncoder } from './header-encoder.js';
import { HpackError } from './hpack-error.js';
import { huffmanDecode } from './huffman-decoder.js';
import { huffmanEncode, huffmanLength } from './huffman-encoder.js';

const LIMITS = { maxListBytes: 1 << 20, maxFields: 1000 };
type Pairs = Array<[string, string]>;

function decoder(options: Partial<ConstructorParameters<typeof HeaderDecoder>[0]> = {}) {
  return new HeaderDecoder({ ...LIMITS, ...options });
}

function read(of: HeaderDecoder, block: Buffer | string): Pairs {
  const bytes = typeof block === 'string' ? Buffer.from(block.replaceAll(' ', ''), 'hex') : block;
  return of.decode(bytes, 0, bytes.length).fields.map(({ name, value }) => [name, value]);
}

function write(of: HeaderEncoder, fields: Pairs): Buffer {
  of.begin();
  for (const [name, value] of fields) of.field(name, value);
  return Buffer.from(of.end());
}

/** Sequences of blocks on one connection, from RFC 7541, appendix C. */
const REQUESTS: Pairs[] = [
  [
    [':method', 'GET'],
    [':scheme', 'http'],
    [':path', '/'],
    [':authority', 'www.example.com'],
  ],
  [
    [':method', 'GET'],
    [':scheme', 'http'],
    [':path', '/'],
    [':authority', 'www.example.com'],
    ['cache-control', 'no-cache'],
  ],
  [
    [':method', 'GET'],
    [':scheme', 'https'],
    [':path', '/index.html'],
    [':authority', 'www.example.com'],
    ['custom-key', 'custom-value'],
  ],
];
const RESPONSES: Pairs[] = [
  [
    [':status', '302'],
    ['cache-control', 'private'],
    ['date', 'Mon, 21 Oct 2013 20:13:21 GMT'],
    ['location', 'https://www.example.com'],
  ],
  [
    [':status', '307'],
    ['cache-control', 'private'],
    ['date', 'Mon, 21 Oct 2013 20:13:21 GMT'],
    ['location', 'https://www.example.com'],
  ],
  [
    [':status', '200'],
    ['cache-control', 'private'],
    ['date', 'Mon, 21 Oct 2013 20:13:22 GMT'],
    ['location', 'https://www.example.com'],
    ['content-encoding', 'gzip'],
    ['set-cookie', 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1'],
  ],
];

describe('the examples of RFC 7541, appendix C', () => {
  it.each([
    [
      'C.2.1 literal with indexing',
      '400a637573746f6d2d6b65790d637573746f6d2d686561646572',
      ['custom-key', 'custom-header'],
    ],
    ['C.2.2 literal without indexing', '040c2f73616d706c652f70617468', [':path', '/sample/path']],
    ['C.2.3 literal never indexed', '100870617373776f726406736563726574', ['password', 'secret']],
    ['C.2.4 indexed', '82', [':method', 'GET']],
  ])('%s', (name, block, field) => {
    const of = decoder();
    expect(read(of, block)).toEqual([field]);
    const bytes = Buffer.from(block, 'hex');
    const [decoded] = of.decode(bytes, 0, bytes.length).fields;
    expect(decoded?.neverIndexed).toBe(name.includes('never'));
  });

  it.each<[string, string[], Pairs[], number]>([
    [
      'C.3 requests without Huffman',
      [
        '828684410f7777772e6578616d706c652e636f6d',
        '828684be58086e6f2d6361636865',
        '828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565',
      ],
      REQUESTS,
      4096,
    ],
    [
      'C.4 requests with Huffman',
      [
        '828684418cf1e3c2e5f23a6ba0ab90f4ff',
        '828684be5886a8eb10649cbf',
        '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf',
      ],
      REQUESTS,
      4096,
    ],
    [
      'C.5 responses without Huffman, with eviction',
      [
        '4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d',
        '4803333037c1c0bf',
        '88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31',
      ],
      RESPONSES,
      256,
    ],
    [
      'C.6 responses with Huffman, with eviction',
      [
        '488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3',
        '4883640effc1c0bf',
        '88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007',
      ],
      RESPONSES,
      256,
    ],
  ])('%s', (_, blocks, lists, tableBytes) => {
    const of = decoder({ tableBytes });
    // The examples start with a table of that size, which an encoder would signal on a connection.
    if (tableBytes < 4096) read(of, '3fe101');
    expect(blocks.map((block) => read(of, block))).toEqual(lists);
  });
});

describe('a header decoder', () => {
  it.each([
    ['5.1 an integer without end', '1f'],
    ['5.1 an integer beyond all limits', '1fffffffffff7f'],
    ['5.2 a string longer than the block', '0005616263'],
    ['5.2 a missing value', '400161'],
    ['5.2 Huffman padding of eight ones', '000161 82f8ff'],
    ['5.2 Huffman padding with zeros', '000161 8118'],
    ['5.2 the end-of-string code within a string', '000161 84ffffffff'],
    ['6.1 index 0', '80'],
    ['2.3.3 an index beyond both tables', 'be'],
    ['2.3.3 the name of an index beyond both tables', '7e0161'],
    ['6.3 a table larger than allowed', '3fe21f'],
    ['4.2 a size update after a field', '8220'],
  ])('refuses %s', (_, block) => {
    expect(() => read(decoder(), block)).toThrow(HpackError);
  });

  it('requires the smaller table once the peer has acknowledged it (4.2)', () => {
    const of = decoder({ tableBytes: 100 });
    expect(read(of, '82')).toHaveLength(1);
    of.settingsAcknowledged();
    expect(() => read(of, '82')).toThrow(HpackError);
    expect(read(of, '3f45 82')).toHaveLength(1);
  });

  it('clears the table and starts over when it is resized to zero', () => {
    const of = decoder();
    read(of, '400161 0162');
    expect(read(of, 'be')).toEqual([['a', 'b']]);
    expect(read(of, '20 3fe11f 82')).toEqual([[':method', 'GET']]);
    expect(() => read(of, 'be')).toThrow(HpackError);
  });

  it('clears its table for a field larger than the table (4.4)', () => {
    const of = decoder();
    read(of, '400161 0162');
    const long = write(new HeaderEncoder({ maxTableBytes: 0 }), [['x', 'y'.repeat(5000)]]);
    const indexed = Buffer.concat([Buffer.of(0x40), long.subarray(long.indexOf(0x01))]);
    expect(read(of, indexed)).toEqual([['x', 'y'.repeat(5000)]]);
    expect(() => read(of, 'be')).toThrow(HpackError);
  });

  it('drops fields beyond its limits, and keeps its table in sync', () => {
    const of = decoder({ maxListBytes: 70, maxFields: 10 });
    const bytes = Buffer.from('4001610162400163016440016501 66'.replaceAll(' ', ''), 'hex');
    const list = of.decode(bytes, 0, bytes.length);
    expect(list.tooLarge).toBe(true);
    expect(list.fields).toHaveLength(2);
    expect(read(of, 'be')).toEqual([['e', 'f']]);
    const few = decoder({ maxListBytes: 1000, maxFields: 1 });
    expect(few.decode(Buffer.of(0x82, 0x86), 0, 2).tooLarge).toBe(true);
  });

  it('returns one list for equal blocks while the table is unchanged, and a new one otherwise', () => {
    const of = decoder();
    const first = Buffer.from('82864001610162', 'hex');
    of.decode(first, 0, first.length);
    const repeated = Buffer.from('8286be', 'hex');
    const list = of.decode(repeated, 0, 3);
    expect(of.decode(repeated, 0, 3)).toBe(list);
    read(of, '4001630164');
    expect(read(of, '8286be')).toEqual([
      [':method', 'GET'],
      [':scheme', 'http'],
      ['c', 'd'],
    ]);
  });

  it('does not cache blocks that never repeat', () => {
    const of = decoder();
    for (let call = 0; call < 5000; call++) {
      const block = write(new HeaderEncoder({ maxTableBytes: 0 }), [['x-request-id', `id-${call}`]]);
      // The encoder signals once that it uses no table.
      expect(read(of, block)).toEqual([['x-request-id', `id-${call}`]]);
    }
  });

  it('throws nothing but HpackError for any input', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 60, size: 'max' }), { maxLength: 5, size: 'max' }),
        (blocks) => {
          const of = decoder();
          for (const block of blocks) {
            try {
              of.decode(Buffer.from(block), 0, block.length);
            } catch (error) {
              expect(error).toBeInstanceOf(HpackError);
              return;
            }
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});

const latin1 = fc
  .array(fc.integer({ min: 0, max: 255 }), { maxLength: 80, size: 'max' })
  .map((codes) => String.fromCharCode(...codes));
const field = fc.tuple(
  fc.oneof(fc.constantFrom('content-type', ':status', 'grpc-status', 'authorization', 'x-a'), latin1),
  fc.oneof(fc.constantFrom('0', '200', 'application/grpc'), latin1),
);

describe('an encoder and a decoder', () => {
  it('agree on every sequence of lists, with a table of changing size', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            fields: fc.array(field, { maxLength: 8, size: 'max' }),
            tableBytes: fc.option(fc.nat(6000)),
          }),
          {
            maxLength: 12,
            size: 'max',
          },
        ),
        fc.boolean(),
        (blocks, huffman) => {
          const of = decoder();
          const encoder = new HeaderEncoder({ huffman });
          for (const { fields, tableBytes } of blocks) {
            if (tableBytes !== null) encoder.setPeerTableBytes(tableBytes);
            expect(read(of, write(encoder, fields))).toEqual(fields);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('agree on any string in Huffman code', () => {
    fc.assert(
      fc.property(latin1, (text) => {
        const coded = Buffer.alloc(huffmanLength(text));
        expect(huffmanEncode(text, coded, 0)).toBe(coded.length);
        expect(huffmanDecode(coded, 0, coded.length)).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });

  it('agree on a string longer than any buffer', () => {
    const text = '%7f'.repeat(20_000);
    const coded = Buffer.alloc(huffmanLength(text));
    huffmanEncode(text, coded, 0);
    expect(huffmanDecode(coded, 0, coded.length)).toBe(text);
  });
});

describe('a header encoder', () => {
  it('writes repeated fields in one byte, and does not change its table for others', () => {
    const encoder = new HeaderEncoder();
    const answer: Pairs = [
      [':status', '200'],
      ['content-type', 'application/grpc'],
    ];
    write(encoder, answer);
    const { generation } = encoder;
    expect(write(encoder, answer)).toEqual(Buffer.from('88be', 'hex'));
    for (let call = 0; call < 10; call++) write(encoder, [['x-request-id', String(call)]]);
    const settled = encoder.generation;
    expect(settled).toBe(generation + 3);
    expect(write(encoder, answer)).toHaveLength(2);
    write(encoder, [['x-request-id', 'another']]);
    expect(encoder.generation).toBe(settled);
  });

  it('adds no secrets to its table', () => {
    const encoder = new HeaderEncoder();
    const block = write(encoder, [['authorization', 'Bearer abc']]);
    expect(encoder.generation).toBe(0);
    const [decoded] = decoder().decode(block, 0, block.length).fields;
    expect(decoded).toMatchObject({ name: 'authorization', value: 'Bearer abc', neverIndexed: true });
  });
});
