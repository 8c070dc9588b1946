import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import protobuf from 'protobufjs';
import descriptorSchema from 'protobufjs/google/protobuf/descriptor.json' with { type: 'json' };
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseProtos } from '../files/parse-protos.js';
import { readProtoFiles } from '../files/proto-files.js';
import { DescriptorIndex, type DescribedFile } from './descriptor-index.js';

let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'kun-descriptors-'));
});
afterEach(() => rmSync(base, { recursive: true }));

const PROTO3 = 'syntax = "proto3";';

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(base, name)), { recursive: true });
    writeFileSync(join(base, name), text);
  }
}

/** One schema for each list of paths. */
function describeAll(...sources: ReadonlyArray<readonly string[]>): DescriptorIndex {
  return new DescriptorIndex(
    sources.map((paths) =>
      parseProtos(
        readProtoFiles(
          paths.map((path) => join(base, path)),
          [],
        ),
      ),
    ),
  );
}

const File = protobuf.Root.fromJSON(descriptorSchema).lookupType('google.protobuf.FileDescriptorProto');

/** What a file says; options of its own are no more than bytes here. */
function contents(file: DescribedFile | undefined): Record<string, unknown> {
  return File.toObject(File.decode(file?.bytes ?? Buffer.alloc(0)), { enums: String });
}

/** The descriptor of one file. */
function describeText(text: string): Record<string, unknown> {
  write({ 'a.proto': text });
  return contents(describeAll(['a.proto']).fileNamed('a.proto'));
}

describe('names of files', () => {
  it('that two files have become two, and each keeps its imports', () => {
    const text = (n: number) =>
      `${PROTO3} package acme.v${n}; import "types.proto"; message M { T${n} t = 1; } service S { rpc X(M) returns (M); }`;
    write({
      'v1/api.proto': text(1),
      'v1/types.proto': `${PROTO3} package acme.v1; message T1 {}`,
      'v2/api.proto': text(2),
      'v2/types.proto': `${PROTO3} package acme.v2; message T2 {}`,
    });
    for (const index of [
      describeAll(['v1/api.proto'], ['v2/api.proto']),
      describeAll(['v1/api.proto', 'v2/api.proto']),
    ]) {
      expect(index.fileContaining('acme.v1.S')?.name).toBe('api.proto');
      const second = index.fileContaining('acme.v2.S');
      expect(second?.name).toBe('acme/v2/api.proto');
      expect(contents(second)['dependency']).toEqual(['acme/v2/types.proto']);
      expect(index.fileNamed('acme/v2/types.proto')).toBe(index.fileContaining('acme.v2.T2'));
    }
  });

  it('of a file that two schemas have stay one', () => {
    write({
      'a.proto': `${PROTO3} import "c.proto"; message A { C c = 1; }`,
      'b.proto': `${PROTO3} import "c.proto"; message B { C c = 1; }`,
      'c.proto': `${PROTO3} message C {}`,
    });
    const index = describeAll(['a.proto'], ['b.proto']);
    const [a, b] = ['A', 'B'].map((symbol) => index.fileContaining(symbol));
    expect(a?.dependencies).toEqual([index.fileNamed('c.proto')]);
    expect(a?.dependencies[0]).toBe(b?.dependencies[0]);
  });
});

describe('imports', () => {
  it('that a file does without are added where it uses what they hold', () => {
    write({
      'a.proto': `${PROTO3} import "b.proto"; message A { C c = 1; }`,
      'b.proto': `${PROTO3} import "c.proto"; message B { C c = 1; }`,
      'c.proto': `${PROTO3} message C {}`,
      'd.proto': `${PROTO3} import "e.proto"; message D { C c = 1; }`,
      'e.proto': `${PROTO3} import public "c.proto";`,
    });
    const index = describeAll(['a.proto', 'd.proto']);
    expect(contents(index.fileNamed('a.proto'))['dependency']).toEqual(['b.proto', 'c.proto']);
    expect(contents(index.fileNamed('d.proto'))['dependency']).toEqual(['e.proto']);
    expect(contents(index.fileNamed('e.proto'))['publicDependency']).toEqual([0]);
  });

  it('in a circle are described as far as they can be', () => {
    write({
      'a.proto': `${PROTO3} import "b.proto"; message A { B b = 1; }`,
      'b.proto': `${PROTO3} import "a.proto"; message B { A a = 1; }`,
    });
    const index = describeAll(['a.proto']);
    expect(index.fileContaining('A')?.dependencies).toEqual([index.fileContaining('B')]);
    expect(index.fileContaining('B')?.dependencies).toEqual([]);
  });

  it('that are weak and missing are left out', () => {
    expect(describeText(`${PROTO3} import weak "none.proto"; message A {}`)['dependency']).toBeUndefined();
  });
});

describe('what is written in an unusual way', () => {
  it('comes out as if it were not', () => {
    const usual = describeText(`${PROTO3}
      package acme.v1;
      message M { string message = 1; int32 n = 16; acme.v1.M m = 3; string oneof = 4; M reserved = 5; }`);
    const unusual = describeText(`/* a */ syntax = 'pro' "to3" ; ;
      package acme.v1;;
      message M{;string /**/message=0x1;int32 n=020;.acme.v1 . M m // "x"
      =3;string oneof=4;M reserved=5;};`);
    expect(unusual).toEqual(usual);
  });

  it.each([
    ['int64', '-0x10', '-16'],
    ['uint64', '18446744073709551615', '18446744073709551615'],
    ['double', '1.5e10', '15000000000'],
    ['double', '1e-7', '1e-07'],
    ['double', '-inf', '-inf'],
    ['float', '0.1', '0.1'],
    ['float', '1.50', '1.5'],
    ['bool', 'true', 'true'],
    ['string', `'it''s' "\\u00e4\\303\\244"`, 'itsää'],
    ['bytes', '"\\"\\x7f\\\\ä"', '\\"\\177\\\\\\303\\244'],
  ])('such as a default of %s: %s', (type, written, told) => {
    const { messageType } = describeText(
      `syntax = "proto2"; message M { optional ${type} f = 1 [ default = ${written} ]; }`,
    ) as { messageType: Array<{ field: Array<{ defaultValue: string }> }> };
    expect(messageType[0]?.field[0]?.defaultValue).toBe(told);
  });

  it('is reported with the line that cannot be read', () => {
    write({ 'a.proto': `${PROTO3} message M {}` });
    const schema = parseProtos(readProtoFiles([join(base, 'a.proto')], []));
    const broken = {
      ...schema,
      files: schema.files.map((file) => ({ ...file, text: `${PROTO3}\nmessage M { ;;\n] }` })),
    };
    expect(() => new DescriptorIndex([broken])).toThrow(SyntaxError);
  });
});
