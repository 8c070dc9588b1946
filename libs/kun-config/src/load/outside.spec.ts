import * as fc from 'fast-check';
import * as v from 'valibot';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { TestingTree } from '../../test/testing-tree.js';
import { ConfigSection } from '../nest/config-section.js';
import { ConfigError } from '../report/config-error.js';
import { Secret } from '../secret.js';
import { loadConfig } from './load-config.js';

const zodOf = (schema: z.ZodType): StandardSchemaV1 => z.object({ V: schema });
const valibotOf = (schema: v.GenericSchema): StandardSchemaV1 => v.object({ V: schema });

/** Those that want text, whatever it looks like. */
const TEXT: Record<string, StandardSchemaV1> = {
  'zod text': zodOf(z.string()),
  'zod text with a default': zodOf(z.string().default('d')),
  'zod text or null': zodOf(z.string().nullable()),
  'zod optional text': zodOf(z.string().optional()),
  'zod text that becomes a secret': zodOf(z.string().transform((text) => Secret.of(text).reveal())),
  'zod coerced text': zodOf(z.coerce.string()),
  'valibot text': valibotOf(v.string()),
  'valibot text with a default': valibotOf(v.optional(v.string(), 'd')),
  'valibot text or null': valibotOf(v.nullable(v.string())),
  'valibot transformed text': valibotOf(
    v.pipe(
      v.string(),
      v.transform((text) => text),
    ),
  ),
  'a section of valibot': ConfigSection('V', v.string()),
};

/** Those under which a text is what it would be in the file. */
const OTHER: Record<string, StandardSchemaV1> = {
  'zod number': zodOf(z.number()),
  'zod whole number': zodOf(z.int()),
  'zod number in a range with a default': zodOf(z.int().min(1).max(65535).default(8080)),
  'zod boolean': zodOf(z.boolean()),
  'zod boolean or null': zodOf(z.boolean().nullable()),
  'zod list': zodOf(z.array(z.union([z.string(), z.number()]))),
  'zod list of text': zodOf(z.array(z.string())),
  'zod map': zodOf(z.record(z.string(), z.unknown())),
  'zod object': zodOf(z.object({ a: z.number().optional() })),
  'zod coerced number': zodOf(z.coerce.number()),
  'zod coerced boolean': zodOf(z.coerce.boolean()),
  'zod anything': zodOf(z.unknown()),
  'zod loose': z.looseObject({}),
  'zod union': zodOf(z.union([z.boolean(), z.number(), z.string()])),
  'zod number or word': zodOf(z.union([z.number(), z.literal('auto')])),
  'zod optional': zodOf(z.number().optional()),
  'zod number or nothing': zodOf(z.number().nullish()),
  'valibot number': valibotOf(v.number()),
  'valibot whole number in a range': valibotOf(v.pipe(v.number(), v.integer(), v.minValue(5))),
  'valibot boolean': valibotOf(v.boolean()),
  'valibot list': valibotOf(v.array(v.unknown())),
  'valibot map': valibotOf(v.record(v.string(), v.unknown())),
  'valibot anything': valibotOf(v.any()),
  'valibot coerced boolean': valibotOf(v.pipe(v.unknown(), v.transform(Boolean))),
  'valibot union': valibotOf(v.union([v.boolean(), v.string()])),
  'valibot loose': v.looseObject({}),
  'a section of a valibot number': ConfigSection('V', v.number()),
  'two schemas': z.object({ V: z.number(), W: z.string().optional() }),
};

const WORDS = [
  ...'true false yes no on off True NO null ~ 0 1 -1 8080 0.1 1.10 007 0x1F 0o17 1e3 .5 .inf 1_000'.split(
    ' ',
  ),
  ...'9007199254740993 12345678901234567890 debug auto 2020-01-01 10:30 a,b [a [1,2] {a:1} "q" \'q\' # @x %x `x | > - ? & * !'.split(
    ' ',
  ),
  '',
  ' ',
  'a b',
  'a: b',
  'a #b',
  '[a, b]',
  '{ a: 1 }',
  '{a: 1, b: [x]}',
  '"a\\tb"',
  "'it''s'",
  '- a',
  '! 5',
  '!!str 5',
  '!!int x',
  '*a',
  '&a b',
  'é☃',
  '$',
  '$$',
  '$A',
  '}{',
  '---',
  '...',
];

const texts = fc
  .oneof(
    { weight: 3, arbitrary: fc.constantFrom(...WORDS) },
    { weight: 1, arbitrary: fc.double({ noNaN: true }).map(String) },
    { weight: 1, arbitrary: fc.integer().map(String) },
    { weight: 1, arbitrary: fc.json({ maxDepth: 2 }) },
    { weight: 2, arbitrary: fc.string({ maxLength: 12 }) },
  )
  // What begins with `${` or is a `!file` means something in a file that it does not mean outside of one.
  .filter((text) => !/\$\{|!file/.test(text) && !/\p{Cc}/u.test(text));

type Verdict = { readonly value: unknown } | 'refused';

async function verdict(
  tree: TestingTree,
  layer: string,
  schema: StandardSchemaV1,
  env: NodeJS.ProcessEnv = {},
): Promise<Verdict> {
  await tree.write({ 'conf/s/public.yaml': layer });
  try {
    const { value } = await loadConfig({ base: tree.base, service: 's', schemas: [schema], env });
    return { value };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return 'refused';
  }
}

describe('a text from outside', () => {
  it.each(Object.entries(TEXT))(
    'is taken as it is under %s',
    async (_, schema) => {
      await using tree = await TestingTree.of({});
      await fc.assert(
        fc.asyncProperty(texts, async (text) => {
          const taken = { value: { V: text } };
          expect(await verdict(tree, 'V: ${X}\n', schema, { X: text })).toEqual(taken);
          await tree.write({ 'conf/s/x': `${text}\n` });
          expect(await verdict(tree, 'V: !file x\n', schema)).toEqual(taken);
        }),
        { numRuns: 30 },
      );
    },
    30_000,
  );

  it.each(Object.entries(OTHER))(
    'is what it would be in the file under %s',
    async (_, schema) => {
      await using tree = await TestingTree.of({});
      await fc.assert(
        fc.asyncProperty(texts, async (text) => {
          const written = await verdict(tree, `V: ${text}\n`, schema);
          expect(await verdict(tree, 'V: ${X}\n', schema, { X: text })).toEqual(written);
          await tree.write({ 'conf/s/x': `${text}\n` });
          expect(await verdict(tree, 'V: !file x\n', schema)).toEqual(written);
        }),
        { numRuns: 30 },
      );
    },
    30_000,
  );

  it.each<[string, StandardSchemaV1]>([
    ['zod', zodOf(z.enum(['1', 'on', 'debug']))],
    ['valibot', valibotOf(v.picklist(['1', 'on', 'debug']))],
  ])(
    'is one of the words under an enumeration of %s, and else what it would be in the file',
    async (_, schema) => {
      await using tree = await TestingTree.of({});
      for (const X of ['1', 'on', 'debug', '"debug"', "'1'"])
        expect(await verdict(tree, 'V: ${X}\n', schema, { X })).toEqual({
          value: { V: X.replace(/["']/g, '') },
        });
      for (const X of ['2', 'true', '[on]', ''])
        expect(await verdict(tree, 'V: ${X}\n', schema, { X })).toBe('refused');
    },
  );

  it.each([
    ['V: [${A}, b]', ['1', 'b']],
    ['V: [ ${N:-x} , "${A}", \'${A}\']', ['x', '1', '1']],
    ['V: { a: ${A}, b: {c: ${N:-{d: 1}}} }', { a: 1, b: { c: { d: 1 } } }],
    ['V: {a: $${A}}', { a: '${A}' }],
    ['V: "${N:-a\\tb}"', 'a\tb'],
    ['V: "${N:-"q"}"', '"q"'],
    ["V: '${N:-it''s}'", "it's"],
    ['V: |\n  a ${A}\n  ${N:-b: c}\n', 'a 1\nb: c\n'],
    ['V: > # not ${X} this\n  a ${A}\n  b\n', 'a 1 b\n'],
    ['V: a ${A}\n  b ${A}\n', 'a 1 b 1'],
    ['V: ${N:-a: b # c}', 'a: b # c'],
    ['# ${ not this\nV: x # ${nor that\n', 'x'],
    ['A: &a ${A}\nV: *a\n', 1],
    ['A: &a {x: ${A}}\nV: {<<: *a, y: 2}\n', { x: 1, y: 2 }],
    ['V: ${M}', { a: 1, b: ['x'] }],
    ['V: !file ${DIR}/x', 8080],
  ])('stands anywhere a value can: %s', async (layer, expected) => {
    await using tree = await TestingTree.of({ 'conf/s/x': '8080' });
    const text = typeof expected === 'string' || (Array.isArray(expected) && expected[0] === '1');
    const schema = text ? z.union([z.string(), z.array(z.string())]) : z.unknown();
    const env = { A: '1', M: 'a: 1\nb:\n  - x\n', DIR: tree.path('conf/s') };
    const words = Array.isArray(expected)
      ? z.array(z.string())
      : typeof expected === 'string'
        ? z.string()
        : schema;
    const found = await verdict(tree, layer, z.looseObject({ V: words }), env);
    expect(found).toMatchObject({ value: { V: expected } });
  });

  it('is text in quotes, and part of a text where more stands beside it', async () => {
    await using tree = await TestingTree.of({});
    const any = zodOf(z.unknown());
    const env = { X: '1', HOST: 'h', PORT: '80' };
    expect(await verdict(tree, 'V: "${X}"\n', any, env)).toEqual({ value: { V: '1' } });
    expect(await verdict(tree, 'V: http://${HOST}:${PORT}\n', any, env)).toEqual({
      value: { V: 'http://h:80' },
    });
    expect(await verdict(tree, 'V: ${X}${X}\n', zodOf(z.int()), env)).toEqual({ value: { V: 11 } });
  });

  it('keeps its lines, and is the same under each alias', async () => {
    await using tree = await TestingTree.of({
      'conf/s/pem': '-----BEGIN\nabc\n-----END\n\n',
      'conf/s/port': '80\r\n',
    });
    const schema = z.object({ A: z.string(), B: z.int(), C: z.string(), D: z.string() });
    const layer = 'A: &a !file port\nB: *a\nC: !file pem\nD: ${D}\n';
    expect(await verdict(tree, layer, schema, { D: ' x\n y \n' })).toEqual({
      value: { A: '80', B: 80, C: '-----BEGIN\nabc\n-----END\n', D: ' x\n y \n' },
    });
  });

  it('merges with outer layers as the same text in a file would', async () => {
    await using tree = await TestingTree.of({ 'conf/public.yaml': 'V: { a: 1, b: 2 }\n' });
    const schema = zodOf(z.record(z.string(), z.number()));
    expect(await verdict(tree, 'V: ${X}\n', schema, { X: '{b: 3}' })).toEqual({
      value: { V: { a: 1, b: 3 } },
    });
  });

  it('is refused in a key, as an unknown form, and when it is not there', async () => {
    await using tree = await TestingTree.of({});
    const refuse = async (layer: string, message: string, env: NodeJS.ProcessEnv = {}) => {
      await tree.write({ 'conf/s/public.yaml': layer });
      await expect(loadConfig({ base: tree.base, service: 's', env })).rejects.toThrow(message);
    };
    await refuse('${A}: 1\n', 'has a placeholder for a key');
    await refuse('V: {${A}: 1}\n', 'has a placeholder for a key');
    await refuse('!file x: 1\n', 'has a key with !file');
    await refuse('V: ${A:8080}\n', 'has a form that is not known here; write ${A} or ${A:-default}');
    await refuse('V: ${A\n', 'is not closed');
    await refuse('V: ${A}\n', 'the environment variable A is not set');
    await refuse('V: ${A}\n', 'what ${A} gives is not a value here', { A: 'hunter2: [' });
    await refuse('V: ${A}\n', 'what ${A} gives is not a value here: it has a tag', {
      A: '!file /etc/passwd',
    });
  });

  it('never shows in a report, whatever becomes of it', async () => {
    await using tree = await TestingTree.of({});
    const schema = zodOf(z.strictObject({ a: z.int() }));
    for (const X of [
      '{a: hunter2}',
      'hunter2',
      '[hunter2]',
      '{a: 1, b: hunter2}',
      '{"a" "hunter2"',
      '&hunter2 *hunter2',
    ]) {
      await tree.write({ 'conf/s/public.yaml': 'V: ${X}\n' });
      const loading = loadConfig({ base: tree.base, service: 's', schemas: [schema], env: { X } });
      await expect(loading).rejects.toThrow('${X}');
      await expect(loading).rejects.not.toThrow('hunter2');
    }
    await tree.write({ 'conf/s/public.yaml': 'V: ${X}\n' });
    const env = { X: '[hunter2]' };
    const config = await loadConfig({
      base: tree.base,
      service: 's',
      schemas: [zodOf(z.array(z.string()))],
      env,
    });
    expect(JSON.stringify(config.explain())).not.toContain('hunter2');
    expect(config.explain('V')[0]?.shown).toBe('${X}');
  });
});
