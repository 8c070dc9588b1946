import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ProtoSchema } from './files/parse-protos.js';
import { loadProtos } from './load-protos.js';
import type { ProtoSource } from './files/proto-source.js';

let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'kun-protos-'));
});
afterEach(() => rmSync(base, { recursive: true }));

const PROTO3 = 'syntax = "proto3";';

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(base, name)), { recursive: true });
    writeFileSync(join(base, name), text);
  }
}

const load = (...sources: ProtoSource[]) => loadProtos(sources, base);
/** What was read of the source's files. */
const schemaOf = (source: ProtoSource) => load(source).schemas[0] as ProtoSchema;
const served = (...sources: ProtoSource[]) => [...load(...sources).services.keys()];

/** The full name of the type of a field. */
function typeOf(source: ProtoSource, message: string, field: string): string | undefined {
  return schemaOf(source).root.lookupType(message).fields[field]?.resolvedType?.fullName;
}

/** What is thrown, without the directory. */
function refusal(...sources: ProtoSource[]): string {
  try {
    load(...sources);
  } catch (error) {
    expect(error).toHaveProperty('name', 'ProtoError');
    return (error as Error).message.replaceAll(`${base}/`, '');
  }
  return 'nothing was refused';
}

describe('the services served', () => {
  const two = `message M {} service A { rpc X(M) returns (M); } service B { rpc X(M) returns (M); }`;

  it('are those of a file without a package', () => {
    write({ 'a.proto': `${PROTO3} ${two}` });
    expect(served({ path: 'a.proto' })).toEqual(['A', 'B']);
    expect(served({ path: 'a.proto', package: '' })).toEqual(['A', 'B']);
    expect(load({ path: 'a.proto' }).services.get('A')?.['X']?.path).toBe('/A/X');
  });

  it('are those named, with or without the package', () => {
    write({ 'a.proto': `${PROTO3} package acme.v1; ${two}` });
    expect(served({ path: 'a.proto', services: ['B'] })).toEqual(['acme.v1.B']);
    expect(served({ path: 'a.proto', services: ['acme.v1.A'], package: 'acme.v1' })).toEqual(['acme.v1.A']);
    expect(refusal({ path: 'a.proto', services: ['a'] })).toBe('a.proto has no service a; did you mean A?');
    expect(refusal({ path: 'a.proto', services: ['Ledger'], package: 'acme.v1' })).toBe(
      'a.proto has no service acme.v1.Ledger; it has acme.v1.A, acme.v1.B',
    );
  });

  it('are to be named with their package where two have the name', () => {
    write({
      'a.proto': `${PROTO3} package acme.v1; message M {} service A { rpc X(M) returns (M); }`,
      'b.proto': `${PROTO3} package acme.v2; message M {} service A { rpc X(M) returns (M); }`,
    });
    const both = { path: ['a.proto', 'b.proto'] };
    expect(refusal({ ...both, services: ['A'] })).toBe(
      'a.proto, b.proto: A is acme.v1.A and acme.v2.A; name it with its package',
    );
    expect(served({ ...both, services: ['acme.v2.A'] })).toEqual(['acme.v2.A']);
    expect(served({ ...both, services: ['A'], package: 'acme.v1' })).toEqual(['acme.v1.A']);
  });

  it('may be of a file that is named from an include directory', () => {
    write({ 'protos/acme/a.proto': `${PROTO3} package acme; ${two}` });
    const source = { path: 'acme/a.proto', includeDirs: ['protos'] };
    expect(served(source)).toEqual(['acme.A', 'acme.B']);
    expect(schemaOf(source).files[0]?.name).toBe('acme/a.proto');
    expect(refusal({ ...source, path: 'acme/b.proto' })).toMatch(/^acme\/b\.proto: no such proto file/);
  });

  it('may move to another directory, which is looked at first', () => {
    write({
      'a.proto': `${PROTO3} package acme; ${two}`,
      'moved/a.proto': `${PROTO3} package moved; ${two}`,
    });
    const both = [join(base, 'moved'), base];
    const of = (path: string) => [...loadProtos([{ path }], both).services.keys()];
    expect(of('a.proto')).toEqual(['moved.A', 'moved.B']);
    rmSync(join(base, 'moved/a.proto'));
    expect(of('a.proto')).toEqual(['acme.A', 'acme.B']);
    expect(() => of('b.proto')).toThrow(
      `${join(base, 'b.proto')}: no such proto file; check "path"; it is not at ${join(base, 'moved/b.proto')}, either`,
    );
  });

  it('are those of all files of a package, in one source or several', () => {
    write({
      'a.proto': `${PROTO3} package acme.v1; import "b.proto"; service A { rpc X(M) returns (M); }`,
      'b.proto': `${PROTO3} package acme.v1; message M {} service B { rpc X(M) returns (M); }`,
    });
    const both = ['acme.v1.A', 'acme.v1.B'];
    expect(served({ path: ['a.proto', 'b.proto'], package: 'acme.v1' })).toEqual(both);
    expect(served({ path: 'a.proto' }, { path: 'b.proto' })).toEqual(both);
  });

  it('are not those of imported files, unless these are public or named', () => {
    write({
      'a.proto': `${PROTO3} package acme.v1; import "b.proto"; service A { rpc X(M) returns (M); }`,
      'b.proto': `${PROTO3} package acme.v1; message M {} service B { rpc X(M) returns (M); }`,
      'only-private.proto': `${PROTO3} import "b.proto";`,
      'all.proto': `${PROTO3} import public "a.proto"; import public "b.proto";`,
    });
    expect(served({ path: 'a.proto' })).toEqual(['acme.v1.A']);
    expect(served({ path: 'a.proto', services: ['A', 'acme.v1.B'] })).toEqual(['acme.v1.A', 'acme.v1.B']);
    expect(served({ path: 'all.proto' }).toSorted()).toEqual(['acme.v1.A', 'acme.v1.B']);
    expect(refusal({ path: 'only-private.proto' })).toBe(
      'only-private.proto: no service; imported files have acme.v1.B: name their files in "path", or the services in "services"',
    );
  });

  it('may be of two versions with messages of the same names', () => {
    const version = (n: number, type: string) =>
      `${PROTO3} package acme.v${n}; message M { ${type} id = 1; } service A { rpc X(M) returns (M); }`;
    write({ 'v1/a.proto': version(1, 'int32'), 'v2/a.proto': version(2, 'string') });
    for (const sources of [
      [{ path: ['v1/a.proto', 'v2/a.proto'] }],
      [{ path: 'v1/a.proto' }, { path: 'v2/a.proto' }],
    ]) {
      const { services } = load(...sources);
      const encode = (name: string, id: unknown) => services.get(name)?.['X']?.requestSerialize({ id });
      expect(encode('acme.v1.A', 5)).toEqual(Buffer.from([8, 5]));
      expect(encode('acme.v2.A', 'x')).toEqual(Buffer.from([10, 1, 120]));
    }
  });
});

describe('imports', () => {
  it('are looked for in other roots, and the well-known ones need none', () => {
    write({
      'svc/a.proto': `${PROTO3} package acme.v1; import "money/money.proto"; import "google/protobuf/timestamp.proto";
        import "google/protobuf/descriptor.proto"; import "google/api/annotations.proto";
        message M { acme.money.Money price = 1; google.protobuf.Timestamp at = 2; google.protobuf.FieldOptions o = 3; }
        service A { rpc X(M) returns (acme.money.Money) { option (google.api.http) = { get: "/x" }; } }`,
      'shared/money/money.proto': `${PROTO3} package acme.money; import "money/currency.proto"; message Money { Currency of = 1; }`,
      'shared/money/currency.proto': `${PROTO3} package acme.money; enum Currency { NONE = 0; }`,
    });
    const source = { path: 'svc/a.proto', includeDirs: ['shared'] };
    expect(served(source)).toEqual(['acme.v1.A']);
    expect(typeOf(source, 'acme.money.Money', 'of')).toBe('.acme.money.Currency');
    expect(schemaOf(source).files.map(({ name }) => name)).toEqual([
      'a.proto',
      'money/money.proto',
      'google/protobuf/timestamp.proto',
      'google/protobuf/descriptor.proto',
      'google/api/annotations.proto',
      'money/currency.proto',
      'google/api/http.proto',
    ]);
  });

  it('that are missing are all told at once, with their places', () => {
    write({
      'a.proto': `${PROTO3}\nimport "b.proto";\n// import "c.proto";\n/* import "d.proto"; */ import "e.proto"; import weak "f.proto";`,
      'b.proto': `${PROTO3}\n\n  import\n   "google/nothing.proto";`,
    });
    expect(refusal({ path: 'a.proto' }).split('\n')).toEqual([
      expect.stringMatching(
        /^a\.proto:4: imports e\.proto, which is not in .*; add its directory to "includeDirs"$/,
      ),
      expect.stringMatching(/^b\.proto:3: imports google\/nothing\.proto/),
    ]);
  });

  it('of one file under two names define it once, also through links and in a circle', () => {
    write({
      'proto/acme/a.proto': `${PROTO3} package acme; import "acme/b.proto"; service A { rpc X(B) returns (B); }`,
      'proto/acme/b.proto': `${PROTO3} package acme; import "c.proto"; message B { C c = 1; }`,
      'proto/acme/c.proto': `${PROTO3} package acme; import "acme/a.proto"; import "linked/acme/b.proto"; message C { B b = 1; }`,
    });
    symlinkSync(join(base, 'proto'), join(base, 'linked'));
    expect(served({ path: 'proto/acme/a.proto', includeDirs: ['proto', '.'] })).toEqual(['acme.A']);
  });
});

describe('names of types', () => {
  it('are searched for from the inside out, and not in the messages beside', () => {
    write({
      'status.proto': `${PROTO3} package acme; enum Status { OK = 0; }`,
      'a.proto': `${PROTO3} package acme.v1; import "status.proto";
        message Other { enum Status { NO = 0; } Status own = 1; }
        message M { Status outer = 1; Other.Status inner = 2; .acme.Status whole = 3; map<string, Status> all = 4; }
        service A { rpc X(M) returns (M); }`,
    });
    const source = { path: 'a.proto' };
    expect(typeOf(source, 'acme.v1.M', 'outer')).toBe('.acme.Status');
    expect(typeOf(source, 'acme.v1.M', 'inner')).toBe('.acme.v1.Other.Status');
    expect(typeOf(source, 'acme.v1.M', 'whole')).toBe('.acme.Status');
    expect(typeOf(source, 'acme.v1.M', 'all')).toBe('.acme.Status');
    expect(typeOf(source, 'acme.v1.Other', 'own')).toBe('.acme.v1.Other.Status');
  });

  it.each([
    ['a field', 'message M {\n  Mony m = 1;\n}', 'a.proto:3: there is no type Mony; did you mean Money?'],
    [
      'a map',
      'message M {\n\n  map<string, Mony> m = 1;\n}',
      'a.proto:4: there is no type Mony; did you mean Money?',
    ],
    [
      'a request',
      'service A {\n  rpc X(Mony) returns (Money);\n}',
      'a.proto:3: there is no type Mony; did you mean Money?',
    ],
    [
      'another package',
      'message M { other.v1.Thing m = 1; }',
      'a.proto:2: there is no type other.v1.Thing; is the file that defines it imported?',
    ],
  ])('that nobody has are refused with their line: of %s', (_of, text, message) => {
    write({ 'a.proto': `${PROTO3} package acme; message Money {}\n${text}` });
    expect(refusal({ path: 'a.proto' })).toBe(message);
  });

  it('that two files define are refused with the file', () => {
    write({
      'a.proto': `${PROTO3} package acme; import "b.proto";\nmessage M {}`,
      'b.proto': `${PROTO3} package acme;\n\nmessage M {}`,
    });
    expect(refusal({ path: 'a.proto' })).toBe("b.proto:3: duplicate name 'M' in Namespace .acme");
  });
});

describe('what messages become', () => {
  it.each([
    ['proto3', 'syntax = "proto3";', ''],
    ['proto2', 'syntax = "proto2";', 'optional '],
    ['edition 2023', 'edition = "2023";', ''],
  ])('is the same in %s', (_name, syntax, label) => {
    write({
      'a.proto': `${syntax} package acme; enum E { NONE = 0; SOME = 1; }
        message M { ${label}int64 big = 1; ${label}E kind = 2; repeated uint32 list = 3; map<string, bytes> bytes_of = 4; }
        service A { rpc X(M) returns (M); }`,
    });
    const rpc = load({ path: 'a.proto' }).services.get('acme.A')?.['X'];
    const message = {
      big: '9007199254740993',
      kind: 'SOME',
      list: [1, 2],
      bytes_of: { a: Buffer.from('b') },
    };
    const bytes = rpc?.requestSerialize(message);
    expect(rpc?.requestDeserialize(bytes ?? Buffer.alloc(0))).toEqual(message);
  });

  it('is without a key for each optional field', () => {
    write({
      'a.proto': `${PROTO3} message M { optional string name = 1; } service A { rpc X(M) returns (M); }`,
    });
    const rpc = load({ path: 'a.proto' }).services.get('A')?.['X'];
    expect(rpc?.requestDeserialize(Buffer.from([10, 1, 120]))).toEqual({ name: 'x' });
    expect(() => rpc?.requestSerialize([])).toThrow('M: expected an object for M, found an array');
  });
});
