import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ConfigError, formatProblem } from '../report/config-error.js';
import { loadConfig } from './load-config.js';
import type { LoadConfigOptions } from './load-options.js';
import { TestingTree } from '../../test/testing-tree.js';

const framework = z.object({
  AdminPort: z.int().min(0).max(65535).default(8081),
  GRPCServer: z
    .object({
      Port: z.int().min(0).max(65535).default(50051),
      Recovery: z.boolean().default(true),
      MaxMsgSize: z.number().default(4_194_304),
    })
    .prefault({}),
  Zipkin: z.object({ Hosts: z.array(z.string()).default([]) }).prefault({}),
  Logger: z
    .object({ Level: z.enum(['debug', 'info', 'warn']).default('info'), Name: z.string().optional() })
    .prefault({}),
});

/** The problems of a tree, one line each, with the base directory cut off. */
async function problemsOf(tree: TestingTree, options: Partial<LoadConfigOptions> = {}): Promise<string[]> {
  const error: unknown = await loadConfig({
    base: tree.base,
    service: 'echo',
    cluster: 'c1',
    instance: 'i1',
    schemas: [framework],
    env: {},
    ...options,
  }).catch((caught: unknown) => caught);
  if (!(error instanceof ConfigError)) throw new Error('nothing was refused', { cause: error });
  return error.problems.map((problem) => formatProblem(problem).replace(`${tree.base}/`, ''));
}

describe('layers', () => {
  it('lets what is present in an inner layer win, whatever its value', async () => {
    await using tree = await TestingTree.of({
      'conf/public.yaml': 'GRPCServer: { Recovery: true, Port: 1, MaxMsgSize: 5 }\nLogger: { Name: outer }\n',
      'conf/echo/public.yaml': 'AdminPort: 1\nZipkin: { Hosts: [a, b] }\n',
      'conf/echo/c1/public.yaml': 'AdminPort: 2\nZipkin: { Hosts: [c] }\n',
      'conf/echo/c1/i1/public.yaml':
        "GRPCServer: { Recovery: false, Port: 0 }\nLogger: { Name: '' }\nAdminPort: null\n",
    });
    const loaded = await loadConfig({
      base: tree.base,
      service: 'echo',
      cluster: 'c1',
      instance: 'i1',
      schemas: [framework],
    });
    expect(loaded.value).toEqual({
      AdminPort: 8081,
      GRPCServer: { Recovery: false, Port: 0, MaxMsgSize: 5 },
      Zipkin: { Hosts: ['c'] },
      Logger: { Level: 'info', Name: '' },
    });
    expect(loaded.layers.map(({ name, found }) => [name, found])).toEqual([
      ['Namespace', true],
      ['Service', true],
      ['Cluster', true],
      ['Instance', true],
    ]);
    expect(loaded.origin('GRPCServer.Recovery')).toEqual({
      from: 'file',
      place: { layer: 'Instance', file: tree.path('conf/echo/c1/i1/public.yaml'), line: 1, column: 25 },
      hid: [{ layer: 'Namespace', file: tree.path('conf/public.yaml'), line: 1, column: 25, shown: 'true' }],
    });
    expect(loaded.origin('AdminPort')).toMatchObject({
      from: 'default',
      place: { layer: 'Instance', line: 3 },
      hid: [
        { layer: 'Cluster', shown: '2' },
        { layer: 'Service', shown: '1' },
      ],
    });
    expect(loaded.origin('Logger.Level')).toEqual({ from: 'default', hid: [] });
    expect(loaded.origin('Nothing.Here')).toBeUndefined();
  });

  it('takes the base from KUN_BASE, and needs only the Service layer', async () => {
    await using tree = await TestingTree.of({ 'conf/echo/public.yaml': 'AdminPort: 1\n' });
    const loaded = await loadConfig({ service: 'echo', schemas: [framework], env: { KUN_BASE: tree.base } });
    expect(loaded.value.AdminPort).toBe(1);
    expect(await problemsOf(tree, { service: 'other' })).toEqual([
      `conf/other/public.yaml: the service configuration is required, but there is no such file below ${tree.base}; create it, or name another directory (KUN_BASE) or service`,
    ]);
  });

  it('freezes the value to the last leaf', async () => {
    await using tree = await TestingTree.of({ 'conf/echo/public.yaml': 'Zipkin: { Hosts: [a] }\n' });
    const { value } = await loadConfig({ base: tree.base, service: 'echo', schemas: [framework] });
    expect(() => Object.assign(value.GRPCServer, { Port: 1 })).toThrow(TypeError);
    expect(() => value.Zipkin.Hosts.push('b')).toThrow(TypeError);
  });

  it.each(['..', '.', 'a/b', '/etc', 'a\\b', '', 'a\0b'])('refuses %j as a name', async (service) => {
    await expect(loadConfig({ base: '/', service })).rejects.toThrow(/cannot be a directory name/);
  });

  it('lets overrides win over every file', async () => {
    await using tree = await TestingTree.of({ 'conf/echo/public.yaml': 'AdminPort: 1\n' });
    const loaded = await loadConfig({
      base: tree.base,
      service: 'echo',
      schemas: [framework],
      overrides: { AdminPort: 0, GRPCServer: { Port: 0 } },
    });
    expect(loaded.value).toMatchObject({ AdminPort: 0, GRPCServer: { Port: 0, Recovery: true } });
    expect(loaded.origin('AdminPort')?.place).toMatchObject({ layer: 'Overrides', file: 'overrides' });
  });
});

describe('problems', () => {
  it('are reported all at once, with place, what was found, what is allowed and the likely value', async () => {
    await using tree = await TestingTree.of({
      'conf/public.yaml': 'Logger:\n  Level: inof\n',
      'conf/echo/public.yaml':
        'GRPCServer:\n  Recovery:   tru\n  Port: 70000\n  Prot: 1\nAdminPort: "8081"\nGRPCServr: {}\nZipkin: { Hosts: x }\n',
      'conf/echo/c1/public.yaml': 'GRPCServer: { MaxMsgSize: big }\n',
    });
    expect(await problemsOf(tree)).toEqual([
      'conf/public.yaml:2:10 Logger.Level: expected one of "debug", "info", "warn", found the string "inof"; did you mean info?',
      'conf/echo/public.yaml:2:15 GRPCServer.Recovery: expected a boolean, found the string "tru"; did you mean true?',
      'conf/echo/public.yaml:3:9 GRPCServer.Port: expected a whole number from 0 to 65535, found the number 70000',
      'conf/echo/public.yaml:4:3 GRPCServer.Prot: is not a known key; did you mean GRPCServer.Port?',
      'conf/echo/public.yaml:5:12 AdminPort: expected a whole number from 0 to 65535, found the string "8081"; did you mean 8081 without quotes?',
      'conf/echo/public.yaml:6:1 GRPCServr: is not a known key; did you mean GRPCServer?',
      'conf/echo/public.yaml:7:18 Zipkin.Hosts: expected a list, found the string "x"',
      'conf/echo/c1/public.yaml:1:27 GRPCServer.MaxMsgSize: expected a number, found the string "big"',
    ]);
  });

  it('name what is missing, and where it was unset', async () => {
    await using tree = await TestingTree.of({
      'conf/echo/public.yaml': 'Db:\n  User: x\nApi: { Url: a }\n',
      'conf/echo/c1/public.yaml': 'Api:\n  Url: null\n',
    });
    const schema = z.object({
      Db: z.object({ User: z.string(), Host: z.string() }),
      Api: z.object({ Url: z.string() }),
      Top: z.int(),
    });
    expect(await problemsOf(tree, { schemas: [schema] })).toEqual([
      'conf/echo/public.yaml:1:1 Db.Host: is required, but no layer sets it; expected a string',
      'conf/echo/public.yaml:1:1 Top: is required, but no layer sets it; expected a whole number',
      'conf/echo/c1/public.yaml:2:3 Api.Url: is required, but this unsets it; expected a string',
    ]);
  });

  it('come from every file that is not YAML', async () => {
    await using tree = await TestingTree.of({
      'conf/public.yaml': 'a: b\n\tc: d\n',
      'conf/echo/public.yaml': 'a: [1, 2\nb: 3\n',
    });
    const found = await problemsOf(tree);
    expect(found[0]).toMatch(/^conf\/public\.yaml:2:1: a tab cannot indent YAML; use spaces$/);
    expect(found[1]).toMatch(/^conf\/echo\/public\.yaml:1:4: the bracket that opens here is not closed$/);
  });

  it('have one summary, which is the message of the error, with the source and a caret', async () => {
    await using tree = await TestingTree.of({
      'conf/echo/public.yaml': `Logger:\n\tLevel: x\n`,
      'conf/public.yaml': `AdminPort: [${'1, '.repeat(60)}\x1b[31m`,
    });
    const error: unknown = await loadConfig({ base: tree.base, service: 'echo' }).catch(
      (caught: unknown) => caught,
    );
    expect(String(error).replaceAll(`${tree.base}/`, '')).toMatchInlineSnapshot(`
      "ConfigError: the configuration has 2 problems
        conf/public.yaml:1:194: Missing , or : between flow sequence items
          1 | …1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, ·[31m
            |                                                                                                            ^
        conf/echo/public.yaml:2:1: a tab cannot indent YAML; use spaces
          2 | 	Level: x
            | ^"
    `);
  });

  it('about one value say so in three lines', async () => {
    await using tree = await TestingTree.of({ 'conf/echo/public.yaml': 'Logger: { Level: inof }\n' });
    const loading = loadConfig({ base: tree.base, service: 'echo', schemas: [framework] });
    await expect(loading).rejects.toThrow(
      [
        'the configuration has a problem',
        `  ${tree.path('conf/echo/public.yaml')}:1:18 Logger.Level: expected one of "debug", "info", "warn", found the string "inof"; did you mean info?`,
        '    1 | Logger: { Level: inof }',
        '      |                  ^',
      ].join('\n'),
    );
  });
});

describe('yes, no, on and off', () => {
  it.each([
    ['yes', true],
    ['No', false],
    ['ON', true],
    ['off', false],
    ['true', true],
    ['False', false],
  ])('%s is %s where the schema wants a boolean', async (word, value) => {
    await using tree = await TestingTree.of({
      'conf/echo/public.yaml': `GRPCServer: { Recovery: ${word} }\n`,
    });
    const loaded = await loadConfig({ base: tree.base, service: 'echo', schemas: [framework] });
    expect(loaded.value.GRPCServer.Recovery).toBe(value);
  });

  it('stay strings where a string is allowed, and when quoted', async () => {
    await using tree = await TestingTree.of({ 'conf/echo/public.yaml': 'Logger: { Name: no }\n' });
    const loaded = await loadConfig({ base: tree.base, service: 'echo', schemas: [framework] });
    expect(loaded.value.Logger.Name).toBe('no');
    await tree.write({ 'conf/echo/public.yaml': "GRPCServer: { Recovery: 'no' }\n" });
    expect(await problemsOf(tree)).toEqual([
      'conf/echo/public.yaml:1:25 GRPCServer.Recovery: expected a boolean, found the string "no"; did you mean false?',
    ]);
  });

  it('are not coerced into true by a schema that coerces', async () => {
    await using tree = await TestingTree.of({ 'conf/echo/public.yaml': 'Flag: no\nEither: on\n' });
    const schema = z.object({ Flag: z.coerce.boolean(), Either: z.union([z.boolean(), z.int()]) });
    const loaded = await loadConfig({ base: tree.base, service: 'echo', schemas: [schema] });
    expect(loaded.value).toEqual({ Flag: false, Either: true });
  });

  it('work with a library that says nothing about its schemas', async () => {
    await using tree = await TestingTree.of({ 'conf/echo/public.yaml': 'Flag: off\nName: off\n' });
    const schema = v.object({ Flag: v.boolean(), Name: v.string() });
    const loaded = await loadConfig({ base: tree.base, service: 'echo', schemas: [schema] });
    expect(loaded.value).toEqual({ Flag: false, Name: 'off' });
  });
});

describe('two schemas', () => {
  const own = v.object({ Mail: v.object({ Host: v.string(), Retries: v.optional(v.number(), 3) }) });

  it('of two libraries read their own keys', async () => {
    await using tree = await TestingTree.of({ 'conf/echo/public.yaml': 'AdminPort: 1\nMail: { Host: a }\n' });
    const { value } = await loadConfig({ base: tree.base, service: 'echo', schemas: [framework, own] });
    const typed: { AdminPort: number; Mail: { Host: string; Retries: number } } = value;
    expect(typed).toMatchObject({ AdminPort: 1, Mail: { Host: 'a', Retries: 3 } });
  });

  it('leave a key that neither reads, at any depth, as unknown', async () => {
    await using tree = await TestingTree.of({
      'conf/echo/public.yaml': 'Mail: { Host: a, Hots: b }\nLogger: { Lvl: info }\nExtra: 1\n',
    });
    expect(await problemsOf(tree, { schemas: [framework, own] })).toEqual([
      'conf/echo/public.yaml:1:18 Mail.Hots: is not a known key',
      'conf/echo/public.yaml:2:11 Logger.Lvl: is not a known key; known here: Level, Name',
      'conf/echo/public.yaml:3:1 Extra: is not a known key; known here: AdminPort, GRPCServer, Zipkin, Logger',
    ]);
  });

  it('that are strict refuse only what is theirs', async () => {
    await using tree = await TestingTree.of({ 'conf/echo/public.yaml': 'A: { x: 1 }\nB: { y: 1, z: 2 }\n' });
    const schemas = [
      z.strictObject({ A: z.strictObject({ x: z.int() }) }),
      z.strictObject({ B: z.strictObject({ y: z.int() }) }),
    ];
    expect(await problemsOf(tree, { schemas })).toEqual([
      'conf/echo/public.yaml:2:12 B.z: is not a known key; known here: y',
    ]);
  });

  it('may rename and open up', async () => {
    await using tree = await TestingTree.of({
      'conf/echo/public.yaml': 'Old: 1\nLabels: { any: a, other: b }\n',
    });
    const schema = z
      .object({ Old: z.int(), Labels: z.record(z.string(), z.string()) })
      .transform(({ Old, Labels }) => ({ renamed: Old, Labels }));
    const { value } = await loadConfig({ base: tree.base, service: 'echo', schemas: [schema] });
    expect(value).toEqual({ renamed: 1, Labels: { any: 'a', other: 'b' } });
  });
});

describe('shapes of schemas', () => {
  it.each([
    ['a list of booleans', z.array(z.boolean()), '[yes, no, true]', [true, false, true]],
    ['maps in a list', z.array(z.object({ On: z.boolean() })), '[{ On: off }]', [{ On: false }]],
    [
      'a record',
      z.record(z.string(), z.object({ On: z.boolean() })),
      '{ a: { On: yes } }',
      { a: { On: true } },
    ],
    [
      'an intersection',
      z.object({ A: z.int() }).and(z.object({ B: z.boolean() })),
      '{ A: 1, B: on }',
      { A: 1, B: true },
    ],
    [
      'a union of kinds',
      z.discriminatedUnion('Kind', [
        z.object({ Kind: z.literal('a'), On: z.boolean() }),
        z.object({ Kind: z.literal('b') }),
      ]),
      '{ Kind: a, On: yes }',
      { Kind: 'a', On: true },
    ],
    ['a nullable in a list', z.array(z.int().nullable()), '[1, ~]', [1, null]],
    ['a coerced date', z.coerce.date(), '2026-01-02', new Date('2026-01-02')],
    ['anything', z.any(), '{ a: [yes, { b: 1 }] }', { a: ['yes', { b: 1 }] }],
  ])('%s', async (_, schema, text, expected) => {
    await using tree = await TestingTree.of({ 'conf/echo/public.yaml': `X: ${text}\n` });
    const { value } = await loadConfig({
      base: tree.base,
      service: 'echo',
      schemas: [z.object({ X: schema })],
    });
    expect(value).toEqual({ X: expected });
  });

  it.each([
    ['a record', z.record(z.string(), z.object({ On: z.boolean() })), '{ a: { On: yes, Of: no } }', 'X.a.Of'],
    [
      'an intersection',
      z.object({ A: z.int() }).and(z.object({ Bee: z.boolean() })),
      '{ A: 1, Bee: on, Bea: 1 }',
      'X.Bea',
    ],
    [
      'a union of kinds',
      z.discriminatedUnion('Kind', [
        z.object({ Kind: z.literal('a') }),
        z.object({ Kind: z.literal('b'), On: z.boolean() }),
      ]),
      '{ Kind: a, Onn: yes }',
      'X.Onn',
    ],
  ])('%s has unknown keys like any map', async (_, schema, text, key) => {
    await using tree = await TestingTree.of({ 'conf/echo/public.yaml': `X: ${text}\n` });
    const found = await problemsOf(tree, { schemas: [z.object({ X: schema })] });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(` ${key}: is not a known key`);
  });
});

describe('hostile input', () => {
  it('cannot reach a prototype', async () => {
    await using tree = await TestingTree.of({
      'conf/echo/public.yaml':
        'constructor: { prototype: { polluted: 1 } }\nLogger: { __proto__: { polluted: 1 } }\n',
    });
    const found = await problemsOf(tree, { schemas: [z.looseObject({ Logger: z.looseObject({}) })] });
    expect(found).toEqual(['conf/echo/public.yaml:2:11 Logger.__proto__: is not allowed as a key']);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });

  it('cannot expand without bound', async () => {
    const levels = Array.from(
      { length: 20 },
      (_, n) => `a${n + 1}: &a${n + 1} [${Array(9).fill(`*a${n}`).join(', ')}]`,
    );
    await using tree = await TestingTree.of({
      'conf/echo/public.yaml': `a0: &a0 lol\n${levels.join('\n')}\n`,
    });
    const found = await problemsOf(tree, { schemas: [] });
    expect(found[0]).toMatch(/^conf\/echo\/public\.yaml:\d+:\d+ a\d+.*aliases add more than 10000 values/);
  });

  it('anchors and merge keys give the right value', async () => {
    await using tree = await TestingTree.of({
      'conf/echo/public.yaml': 'A: &a { x: 1, y: 2 }\nB: { <<: *a, y: 3 }\nC: *a\n',
    });
    const { value } = await loadConfig({ base: tree.base, service: 'echo' });
    expect(value).toEqual({ A: { x: 1, y: 2 }, B: { x: 1, y: 3 }, C: { x: 1, y: 2 } });
  });
});
