import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { InjectClient, KunClientModule } from '@kun/core';
import { startTestService, type TestService } from '@kun/core/testing';
import { Injectable, Module } from '@nestjs/common';
import * as fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ZOO_CONTROLLERS } from '../fixtures/zoo/zoo-controllers.js';
import { zooModule } from '../fixtures/zoo/zoo.js';
import { requireDebianPackages } from './debian-packages.js';
import { PeerProcess } from './peer-process.js';

const run = promisify(execFile);
const REPOSITORY = join(import.meta.dirname, '../..');
const ZOO = join(REPOSITORY, 'test/fixtures/zoo');
const PYTHON = join(import.meta.dirname, 'python');

type Mirror = Record<string, (message: object) => Promise<object>>;

let folder: string;
let python: PeerProcess;
let service: TestService;
let mirror: Mirror;

beforeAll(async () => {
  await requireDebianPackages('python3-grpcio', 'python3-grpc-tools');
  folder = await mkdtemp(join(tmpdir(), 'kun-messages-'));
  const descriptors = join(folder, 'mirror.bin');
  const only = ['--path', join(ZOO, 'proto/zoo/v1/mirror.proto'), '-o', descriptors];
  await run(join(REPOSITORY, 'node_modules/.bin/buf'), ['build', join(ZOO, 'proto'), ...only]);
  python = await PeerProcess.start('/usr/bin/python3', [join(PYTHON, 'mirror_server.py'), descriptors]);

  @Injectable()
  class Holder {
    constructor(@InjectClient('mirror') client: Mirror) {
      mirror = client;
    }
  }
  @Module({
    imports: [
      KunClientModule.register([
        {
          name: 'mirror',
          path: 'zoo/proto/zoo/v1/mirror.proto',
          includeDirs: ['zoo/proto'],
          service: 'Mirror',
          target: `127.0.0.1:${python.firstLine}`,
        },
      ]),
    ],
    providers: [Holder],
  })
  class MirrorModule {}
  service = await startTestService(zooModule(ZOO_CONTROLLERS, undefined, [MirrorModule as never]));
}, 300_000);
afterAll(async () => {
  await service?.close();
  await python?.stop();
  await rm(folder, { recursive: true, force: true });
});

const big = (least: bigint, most: bigint) => fc.bigInt(least, most).map(String);
const int64 = big(-(2n ** 63n), 2n ** 63n - 1n);
const uint64 = big(0n, 2n ** 64n - 1n);
const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
// Not -0, which JSON.stringify writes as 0.
const double = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
// What a float has exactly, so that its shortest text is the same in any language.
const float = fc.integer({ min: -(2 ** 20), max: 2 ** 20 }).map((whole) => whole / 4 + 0);
const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
const color = fc.constantFrom('COLOR_UNSPECIFIED', 'COLOR_RED', 'COLOR_BLUE', 'COLOR_NEGATIVE');
const nested = fc.record({ name: text, size: fc.constantFrom('SIZE_UNSPECIFIED', 'SIZE_NEGATIVE') });
const list = <T>(of: Arbitrary<T>) => fc.array(of, { maxLength: 5 });
const map = <T>(key: Arbitrary<string>, value: Arbitrary<T>) =>
  fc.dictionary(key, value, { maxKeys: 4, noNullPrototype: true });
const key32 = int32.map(String);
const keyU32 = uint32.map(String);

const scalars = {
  a_double: double,
  a_float: float,
  an_int32: int32,
  an_int64: int64,
  a_uint32: uint32,
  a_uint64: uint64,
  a_sint32: int32,
  a_sint64: int64,
  a_fixed32: uint32,
  a_fixed64: uint64,
  a_sfixed32: int32,
  a_sfixed64: int64,
  a_bool: fc.boolean(),
  a_string: text,
  some_bytes: bytes,
  color,
};

const NO_MAPS = {
  ...Object.fromEntries(
    [
      'string',
      'int32',
      'int64',
      'uint32',
      'uint64',
      'sint32',
      'sint64',
      'fixed32',
      'fixed64',
      'sfixed32',
      'sfixed64',
    ].map((key) => [`by_${key}`, {}]),
  ),
  by_bool: new Map(),
  with_number2_inName: {},
};

/** Messages in which all that has no presence is set, so that they are what arrives. */
const MESSAGES: Readonly<Record<string, Arbitrary<object>>> = {
  Kinds: fc.record(
    { ...scalars, nested, itself: fc.record(scalars) },
    { requiredKeys: Object.keys(scalars) as Array<keyof typeof scalars> },
  ),
  Optionals: fc.record(
    {
      a_double: double,
      a_float: float,
      an_int32: int32,
      an_int64: int64,
      a_uint64: uint64,
      a_bool: fc.boolean(),
      a_string: text,
      some_bytes: bytes,
      color,
      nested,
      before: text,
      after_oneof: int64,
    },
    { requiredKeys: [] },
  ),
  Lists: fc.record({
    doubles: list(double),
    packed_by_default: list(int32),
    not_packed: list(int64),
    said_packed: list(uint64),
    strings: list(text),
    bytes_list: list(bytes),
    colors: list(color),
    nested: list(nested),
    bools: list(fc.boolean()),
  }),
  Maps: fc.record({
    by_string: map(text, text),
    by_int32: map(key32, text),
    by_int64: map(int64, text),
    by_uint32: map(keyU32, fc.boolean()),
    by_uint64: map(uint64, double),
    by_sint32: map(key32, bytes),
    by_sint64: map(int64, int64),
    by_fixed32: map(keyU32, uint64),
    by_fixed64: map(uint64, uint64),
    by_sfixed32: map(key32, color),
    by_sfixed64: map(int64, nested),
    by_bool: fc.uniqueArray(fc.boolean()).map((keys) => new Map(keys.map((key) => [key, NO_MAPS]))),
    with_number2_inName: map(text, color),
  }),
  Choices: fc
    .tuple(
      fc.record({ not_chosen_from: text, between: fc.boolean() }),
      fc.oneof(
        fc.record({ text }),
        fc.record({ number: int64 }),
        fc.record({ color }),
        fc.record({ nested }),
        fc.record({ raw: bytes }),
        fc.constant({}),
      ),
      fc.oneof(fc.record({ yes: fc.boolean() }), fc.constant({})),
    )
    .map(([base, choice, other]) => ({ ...base, ...choice, ...other })),
};

/** A message as protobuf's JSON has it: nothing but bytes and maps differ. */
function jsonOf(message: unknown): unknown {
  if (Buffer.isBuffer(message)) return message.toString('base64');
  if (message instanceof Map) return jsonOf(Object.fromEntries(message));
  if (Array.isArray(message)) return message.map(jsonOf);
  if (typeof message !== 'object' || message === null) return message;
  return Object.fromEntries(Object.entries(message).map(([name, value]) => [name, jsonOf(value)]));
}

const parsed = (answer: object): unknown => JSON.parse((answer as { text: string }).text);

describe("messages between kun and Python's protobuf", () => {
  it.each(Object.entries(MESSAGES))(
    '%s: each reads what the other wrote',
    { timeout: 120_000 },
    async (name, messages) => {
      await fc.assert(
        fc.asyncProperty(messages, async (message) => {
          const seen = parsed((await mirror[`read${name}`]?.(message)) ?? {});
          expect(seen).toEqual(jsonOf(message));
          const back = await mirror[`write${name}`]?.({ text: JSON.stringify(jsonOf(message)) });
          expect(back).toEqual(message);
        }),
        { numRuns: 60 },
      );
    },
  );

  it('well-known types are what they are for Python, too', async () => {
    const sent = {
      at: '1969-12-31T23:59:58.123456789Z',
      lasts: -1500.5,
      any: { '@type': 'type.googleapis.com/zoo.v1.Nothing' },
      empty: {},
      mask: ['a.b', 'c_d'],
      struct: { a: [1, null, { ü: true }], '': 'x' },
      value: null,
      list: [1.5, 'a', []],
      double_value: -0.5,
      int64_value: 2n ** 62n,
      bool_value: false,
      string_value: '',
      bytes_value: Buffer.from('hi'),
      many: [new Date(0), { seconds: 253402300799 }],
      by_name: { a: '0.000000001s' },
      values: { n: null, s: 's' },
      name: 'x',
    };
    const json = parsed((await mirror['readWellKnown']?.(sent)) ?? {});
    expect(json).toMatchObject({
      at: '1969-12-31T23:59:58.123456789Z',
      lasts: '-1.500500s',
      any: { '@type': 'type.googleapis.com/zoo.v1.Nothing' },
      empty: {},
      mask: 'a.b,cD',
      struct: { a: [1, null, { ü: true }], '': 'x' },
      value: null,
      list: [1.5, 'a', []],
      double_value: -0.5,
      int64_value: '4611686018427387904',
      bool_value: false,
      string_value: '',
      bytes_value: 'aGk=',
      many: ['1970-01-01T00:00:00Z', '9999-12-31T23:59:59Z'],
      by_name: { a: '0.000000001s' },
      values: { n: null, s: 's' },
      name: 'x',
    });
    const back = await mirror['writeWellKnown']?.({ text: JSON.stringify(json) });
    expect(parsed((await mirror['readWellKnown']?.(back ?? {})) ?? {})).toEqual(json);
  });
});
