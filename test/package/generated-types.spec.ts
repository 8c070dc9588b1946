import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Client } from '@grpc/grpc-js';
import { KunModule, type ProtoForms } from '@kun/core';
import { startTestService } from '@kun/core/testing';
import { Controller, Module } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from './published.js';

const run = promisify(execFile);

const FORMS: readonly ProtoForms[] = (['proto', 'camel'] as const).flatMap((fieldNames) =>
  (['string', 'number', 'bigint'] as const).flatMap((longs) =>
    (['name', 'number'] as const).map((enums) => ({ fieldNames, longs, enums })),
  ),
);

const nameOf = ({ fieldNames, longs, enums }: ProtoForms) => `${fieldNames}-${longs}-${enums}`;

/** What the comments of the published template say to write for a form. */
function templateFor(forms: ProtoForms): string {
  const published = readFileSync(join(ROOT, 'libs/kun-core/buf.gen.yaml'), 'utf8');
  const written = published
    .replace('snakeToCamel=false', forms.fieldNames === 'camel' ? 'snakeToCamel=keys' : 'snakeToCamel=false')
    .replace('forceLong=string', `forceLong=${forms.longs}`)
    .replace('stringEnums=true', `stringEnums=${forms.enums === 'name'}`)
    .replace('out: src/gen', `out: ${nameOf(forms)}`);
  for (const option of ['snakeToCamel=keys', 'forceLong=number', 'forceLong=bigint', 'stringEnums=false']) {
    expect(published).toContain(option);
  }
  return written;
}

/** A message as a handler gets it, in the forms asked for. */
function formIn({ fieldNames, longs, enums }: ProtoForms): object {
  const big = (value: number): unknown =>
    ({ string: String(value), number: value, bigint: BigInt(value) })[longs];
  const [red, green] = enums === 'name' ? ['RED', 'GREEN'] : [0, 1];
  const names = longs === 'bigint' ? new Map([[-7n, 'a']]) : { '-7': 'a' };
  const empty = {
    big_one: big(0),
    big_fixed: big(0),
    many_bigs: [],
    one_color: red,
    many_colors: [],
    color_by_name: {},
    number_by_bool: new Map(),
    name_by_big: longs === 'bigint' ? new Map() : {},
    form_by_number: {},
    raw_bytes: Buffer.alloc(0),
    many_times: [],
    value_by_name: {},
    FOO_BAR: '',
    line_1: '',
    _leading: '',
  };
  const inForm = (message: object): object =>
    fieldNames === 'proto'
      ? message
      : Object.fromEntries(
          Object.entries(message).map(([name, value]) => [CAMEL[name] ?? camel(name), value]),
        );
  const url = fieldNames === 'proto' ? 'type_url' : 'typeUrl';
  return inForm({
    ...empty,
    big_one: big(-5),
    big_fixed: big(7),
    many_bigs: [big(1), big(Number.MAX_SAFE_INTEGER)],
    one_color: green,
    many_colors: [red, green],
    color_by_name: { a: green },
    number_by_bool: new Map([[true, 1]]),
    name_by_big: names,
    form_by_number: { '3': inForm(empty) },
    raw_bytes: Buffer.from('ab'),
    maybe_number: 0,
    some_form: inForm({ ...empty, some_text: '' }),
    made_at: new Date(1500),
    kept_for: { seconds: big(1), nanos: 5 },
    some_struct: { a: [1, null, 'b'] },
    some_value: { c: true },
    some_list: [1, 'a'],
    field_mask: ['a.b', 'c'],
    any_thing: { [url]: 'x/y', value: Buffer.from('z') },
    no_thing: {},
    text_value: '',
    big_value: big(9),
    bytes_value: Buffer.from('q'),
    many_times: [new Date(0)],
    value_by_name: { n: 1 },
    FOO_BAR: 'f',
    line_1: 'l',
    _leading: 'x',
  });
}

const CAMEL: Readonly<Record<string, string>> = { FOO_BAR: 'fooBar', line_1: 'line1', _leading: 'Leading' };
const camel = (name: string) => name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Sends the message from a client to a handler in the forms; returns what the handler got, which is what goes back. */
async function pass(forms: ProtoForms, message: object) {
  const received: object[] = [];
  @Controller()
  class FormsController {
    @GrpcMethod('Forms', 'Pass')
    pass(form: object) {
      received.push(form);
      return form;
    }

    @GrpcMethod('Forms', 'Known')
    known(time: object) {
      received.push(time);
      return { plain: ['json'] };
    }
  }
  @Module({
    imports: [
      KunModule.forRoot({
        service: 'kinds',
        base: join(ROOT, 'test/fixtures'),
        proto: { path: 'forms.proto', ...forms },
      }),
    ],
    controllers: [FormsController],
  })
  class FormsModule {}
  const service = await startTestService(FormsModule);
  type Methods = Record<
    'Pass' | 'Known',
    (sent: object, done: (error: Error | null, answer: object) => void) => void
  >;
  const client = service.grpcClient<Client & Methods>('forms.v1.Forms');
  const call = (method: keyof Methods, sent: object) =>
    new Promise<object>((resolve, reject) =>
      client[method](sent, (error, answer) => (error ? reject(error) : resolve(answer))),
    );
  try {
    const answer = await call('Pass', message);
    const known = await call('Known', new Date(1500));
    return { received, answer, known };
  } finally {
    await service.close();
  }
}

/** A value as TypeScript writes it, so that the compiler sees each property that there is, and no other. */
function literal(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`;
  if (value instanceof Date) return `new Date(${value.getTime()})`;
  if (Buffer.isBuffer(value)) return `Buffer.from([${[...value].join(', ')}])`;
  if (value instanceof Map) return `new Map([${[...value].map(literal).join(', ')}])`;
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{ ${Object.entries(value)
    .map(([key, entry]) => `${JSON.stringify(key)}: ${literal(entry)}`)
    .join(', ')} }`;
}

let folder: string;
beforeAll(async () => {
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  folder = mkdtempSync(join(ROOT, '.cache', 'types-'));
  mkdirSync(join(folder, 'proto'));
  cpSync(join(ROOT, 'test/fixtures/forms.proto'), join(folder, 'proto/forms.proto'));
  for (const forms of FORMS) {
    const template = join(folder, `${nameOf(forms)}.yaml`);
    writeFileSync(template, templateFor(forms));
    await run('buf', ['generate', '--template', template], { cwd: folder });
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('generated types, in every form', () => {
  it.each(FORMS.map((forms) => [nameOf(forms), forms] as const))(
    'messages arrive as asked: %s',
    async (_name, forms) => {
      const message = formIn(forms);
      const { received, answer, known } = await pass(forms, message);
      expect(received[0]).toStrictEqual(message);
      expect(answer).toStrictEqual(message);
      expect(known).toStrictEqual({ fields: { plain: ['json'] } });
      const time = received[1];
      const check = [
        `/// <reference types="@kun/core/proto-types" />`,
        `import type { Form } from './${nameOf(forms)}/forms.js';`,
        `import type { Struct } from './${nameOf(forms)}/google/protobuf/struct.js';`,
        `import type { Timestamp } from './${nameOf(forms)}/google/protobuf/timestamp.js';`,
        `export const form: Form = ${literal(message)};`,
        `export const time: Timestamp = ${literal(time)};`,
        `export const known: Struct = ${literal(known)};`,
      ];
      writeFileSync(join(folder, `${nameOf(forms)}.ts`), check.join('\n'));
    },
  );

  it('is what the compiler takes them for', { timeout: 120_000 }, () => {
    const program = ts.createProgram(
      FORMS.map((forms) => join(folder, `${nameOf(forms)}.ts`)),
      {
        module: ts.ModuleKind.NodeNext,
        moduleResolution: ts.ModuleResolutionKind.NodeNext,
        target: ts.ScriptTarget.ES2023,
        types: ['node'],
        strict: true,
        exactOptionalPropertyTypes: true,
        noEmit: true,
        skipLibCheck: true,
      },
    );
    const problems = ts
      .getPreEmitDiagnostics(program)
      .map(
        ({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
      );
    expect(problems).toEqual([]);
  });
});
