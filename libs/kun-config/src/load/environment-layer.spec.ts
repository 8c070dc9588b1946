import * as fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { TestingTree } from '../../test/testing-tree.js';
import { ConfigError, formatProblem } from '../report/config-error.js';
import { loadConfig } from './load-config.js';

const schema = z.object({
  AdminPort: z.int().min(0).max(65535).default(8081),
  GRPCServer: z
    .object({
      Port: z.int().default(50051),
      Reflection: z.boolean().default(false),
      Address: z.string().optional(),
    })
    .prefault({}),
  Zipkin: z.object({ Hosts: z.array(z.string()).default([]) }).prefault({}),
  Upstreams: z
    .record(z.string(), z.object({ Target: z.string(), Retry: z.object({ By: z.string() }).optional() }))
    .optional(),
  Db: z.object({ Password: z.string().optional(), Url: z.string().optional() }).optional(),
  max_size: z.int().optional(),
  'log.level': z.string().optional(),
});

async function load(env: NodeJS.ProcessEnv, file = '', schemas: readonly unknown[] = [schema]) {
  await using tree = await TestingTree.of({
    'conf/echo/public.yaml': file,
    'conf/echo/c/i/public.yaml': 'AdminPort: 1\n',
  });
  const names = { base: tree.base, service: 'echo', cluster: 'c', instance: 'i' };
  return await loadConfig({ ...names, schemas: schemas as Array<typeof schema>, env });
}

async function problems(env: NodeJS.ProcessEnv, file = '', schemas?: readonly unknown[]): Promise<string[]> {
  const error: unknown = await load(env, file, schemas).catch((caught: unknown) => caught);
  if (!(error instanceof ConfigError)) throw new Error('nothing was refused', { cause: error });
  return error.problems.map(formatProblem);
}

describe('a variable that sets a key', () => {
  it.each<[NodeJS.ProcessEnv, string, unknown]>([
    [{ KUN_CONF__ADMINPORT: '9000' }, 'AdminPort', 9000],
    [{ KUN_CONF__AdminPort: '9000' }, 'AdminPort', 9000],
    [{ KUN_CONF__GRPCSERVER__PORT: '0' }, 'GRPCServer.Port', 0],
    [{ KUN_CONF__GRPCSERVER__REFLECTION: 'yes' }, 'GRPCServer.Reflection', true],
    [{ KUN_CONF__GRPCSERVER__ADDRESS: '' }, 'GRPCServer.Address', ''],
    [{ KUN_CONF__GRPCSERVER__ADDRESS: '0123' }, 'GRPCServer.Address', '0123'],
    [{ KUN_CONF__GRPCSERVER__ADDRESS: '${HOME}' }, 'GRPCServer.Address', '${HOME}'],
    [{ KUN_CONF__ZIPKIN__HOSTS: '[a, b]' }, 'Zipkin.Hosts', ['a', 'b']],
    [{ KUN_CONF__ZIPKIN__HOSTS: '- a\n- b\n' }, 'Zipkin.Hosts', ['a', 'b']],
    [{ KUN_CONF__GRPCSERVER: '{ Port: 5 }' }, 'GRPCServer', { Port: 5, Reflection: false, Address: 'f' }],
    [{ KUN_CONF__GRPCSERVER: '{ Port: 5 }', KUN_CONF__GRPCSERVER__PORT: '6' }, 'GRPCServer.Port', 6],
    [{ KUN_CONF__GRPCSERVER__PORT: 'null' }, 'GRPCServer.Port', 50051],
    [{ KUN_CONF__MAX_SIZE: '5' }, 'max_size', 5],
    [{ KUN_CONF__LOG_LEVEL: 'debug' }, '["log.level"]', 'debug'],
    [{ 'KUN_CONF__log.level': 'debug' }, '["log.level"]', 'debug'],
    // A free key that a file has, and one that none has.
    [{ KUN_CONF__UPSTREAMS__CACHE__TARGET: 'x:1' }, 'Upstreams.cache.Target', 'x:1'],
    [{ KUN_CONF__UPSTREAMS__next__TARGET: 'x:1' }, 'Upstreams.next.Target', 'x:1'],
    [{ KUN_CONF__UPSTREAMS__cache__RETRY__BY: 'off' }, 'Upstreams.cache.Retry.By', 'off'],
  ])('%o', async (env, path, value) => {
    const file = 'GRPCServer: { Port: 7, Address: f }\nUpstreams: { cache: { Target: c } }\n';
    expect((await load(env, file)).get(path)).toEqual(value);
  });

  it('wins over the instance, is named as the origin, and loses to overrides', async () => {
    const env = { KUN_CONF__ADMINPORT: '9000' };
    const config = await load(env, 'AdminPort: 2\n');
    expect(config.origin('AdminPort')).toMatchObject({
      from: 'environment',
      place: { layer: 'Environment', file: 'environment variable KUN_CONF__ADMINPORT' },
      hid: [
        { layer: 'Instance', shown: '1' },
        { layer: 'Service', shown: '2' },
      ],
    });
    expect(config.explain('AdminPort')[0]?.shown).toBe('9000');
    await using tree = await TestingTree.of({ 'conf/echo/public.yaml': '' });
    const { value } = await loadConfig({
      base: tree.base,
      service: 'echo',
      schemas: [schema],
      env,
      overrides: { AdminPort: 3 },
    });
    expect(value.AdminPort).toBe(3);
  });

  it.each<[string, string]>([
    ['KUN_CONF__ADMIPORT', 'sets nothing: there is no key ADMIPORT; did you mean KUN_CONF__ADMINPORT?'],
    ['KUN_CONF__GRPCSERVER__PROT', 'GRPCServer has no key PROT; did you mean KUN_CONF__GRPCSERVER__PORT?'],
    ['KUN_CONF__GRPCSERVER_PORT', 'sets nothing: there is no key GRPCSERVER_PORT'],
    ['KUN_CONF__ADMINPORT__X', 'AdminPort: expected a whole number from 0 to 65535, found a map'],
    ['KUN_CONF__ZIPKIN__HOSTS__0', "set the list as a whole: KUN_CONF__ZIPKIN__HOSTS='[a, b]'"],
    ['KUN_CONF__', 'names no key'],
    ['KUN_CONF____ADMINPORT', 'names no key'],
    ['KUN_CONF__GRPCSERVER__', 'names no key'],
  ])('is refused as %s', async (name, message) => {
    const [problem, ...more] = await problems({ [name]: '1' });
    expect(more).toEqual([]);
    expect(problem).toMatch(/^environment variable KUN_CONF__/);
    expect(problem).toContain(message);
  });

  it('is refused with its name when the value is wrong, empty, or said twice', async () => {
    expect(await problems({ KUN_CONF__ADMINPORT: 'x' })).toEqual([
      'environment variable KUN_CONF__ADMINPORT AdminPort: expected a whole number from 0 to 65535, found the string "x"',
    ]);
    expect(await problems({ KUN_CONF__ADMINPORT: '' })).toEqual([
      expect.stringContaining('KUN_CONF__ADMINPORT AdminPort: is empty; take the variable away'),
    ]);
    expect(await problems({ KUN_CONF__ADMINPORT: '1', KUN_CONF__AdminPort: '1' })).toEqual([
      expect.stringContaining('sets the same key as KUN_CONF__ADMINPORT'),
    ]);
  });

  it('is refused when it may mean two keys', async () => {
    const twins = z.object({
      Port: z.int().optional(),
      PORT: z.int().optional(),
      'a-b': z.int().optional(),
      a_b: z.int().optional(),
    });
    expect(await problems({ KUN_CONF__port: '1' }, '', [twins, z.object({ AdminPort: z.int() })])).toEqual([
      expect.stringContaining('may mean Port or PORT'),
    ]);
    const exact = await load({ KUN_CONF__PORT: '1', KUN_CONF__A_B: '2' }, '', [
      twins,
      z.object({ AdminPort: z.int() }),
    ]);
    expect(exact.value).toMatchObject({ PORT: 1, a_b: 2 });
  });

  it('needs the letter case of the file where a library does not tell its keys', async () => {
    const valibot = v.object({ Mail: v.object({ Host: v.string() }), AdminPort: v.number() });
    const env = { KUN_CONF__Mail__Host: '5' };
    expect((await load(env, '', [valibot])).value).toMatchObject({ Mail: { Host: '5' } });
    expect(
      (await load({ KUN_CONF__MAIL__HOST: 'b' }, 'Mail: { Host: a }\n', [valibot])).get('Mail.Host'),
    ).toBe('b');
    expect((await problems({ KUN_CONF__MAIL__HOST: 'b' }, '', [valibot])).join()).toContain('Mail');
  });

  it('never shows a secret', async () => {
    const env = { KUN_CONF__DB__PASSWORD: 'hunter2', KUN_CONF__DB__URL: 'postgres://me:hunter2@db' };
    const config = await load(env);
    expect(config.get('Db.Password')).toBe('hunter2');
    expect(JSON.stringify(config.explain())).not.toContain('hunter2');
    const strict = z.looseObject({ Db: z.object({ Password: z.string().max(1) }) });
    expect((await problems({ KUN_CONF__DB__PASSWORD: 'hunter2' }, '', [strict])).join()).not.toContain(
      'hunter2',
    );
  });

  it('is warned of when its name is nearly one, but not when Kubernetes made it of a service', async () => {
    const names = [
      'KUN_CONFIG__PORT',
      'KUN_CONF_PORTS',
      'kun_conf__adminport',
      'KUN_CONF_SERVICE_HOST',
      'KUN_CONF_PORT_80_TCP_ADDR',
    ];
    const { warnings } = await load(Object.fromEntries(names.map((name) => [name, '1'])));
    expect(warnings.map(({ file }) => file)).toEqual(
      ['KUN_CONFIG__PORT', 'KUN_CONF_PORTS', 'kun_conf__adminport'].map(
        (name) => `environment variable ${name}`,
      ),
    );
  });

  it('sets the key that it is made of, whatever the key', async () => {
    const keys = fc
      .string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 8 })
      .filter((key) => /^[A-Za-z]\w*$/.test(key) && !/__|_$|^_/.test(key));
    const paths = fc.array(keys, { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(paths, async (path) => {
        const leaf: z.ZodType = z.int().optional();
        const whole = path.toReversed().reduce((inner, key) => z.object({ [key]: inner }).prefault({}), leaf);
        const name = `KUN_CONF__${path.map((key) => key.toUpperCase()).join('__')}`;
        await using tree = await TestingTree.of({ 'conf/s/public.yaml': '' });
        const config = await loadConfig({
          base: tree.base,
          service: 's',
          schemas: [whole],
          env: { [name]: '5' },
        });
        expect(config.get(path)).toBe(5);
      }),
      { numRuns: 50 },
    );
  }, 30_000);
});
