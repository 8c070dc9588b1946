import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { TestingTree } from '../../test/testing-tree.js';
import { run } from './run.js';

const SCHEMA = `
  import { z } from ${JSON.stringify(import.meta.resolve('zod'))};
  export const schema = z.object({
    Port: z.int().min(1).max(65535).default(8080).meta({ description: 'Where it listens', reload: 'restart' }),
    Tls: z.boolean().default(false),
    Logger: z.object({ Level: z.enum(['debug', 'info']).default('info') }).prefault({}).meta({ reload: 'live' }),
    Db: z.object({ Host: z.string(), Password: z.string().optional(), Url: z.string().optional() }),
  });
  export const other = z.object({ Extra: z.string().optional() });
`;

const GOOD = {
  'schema.mjs': SCHEMA,
  'conf/public.yaml': 'Port: 1\nLogger: { Level: debug }\n',
  'conf/shop/public.yaml': 'Port: 2\nDb:\n  Password: hunter2\n  Url: ${SHOP_URL}\n',
  'conf/shop/eu/public.yaml': 'Db: { Host: eu }\n',
  'conf/shop/eu/one/public.yaml': 'Port: 3\nLogger: null\n',
  'conf/..2026/x/public.yaml': 'not: looked at',
  'conf/certs/key.pem': '',
};

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

async function kunConfig(
  tree: TestingTree,
  command: string,
  more: { env?: NodeJS.ProcessEnv; color?: boolean } = {},
): Promise<Ran> {
  const written = { out: '', error: '' };
  const code = await run(command.split(' '), {
    out: (text) => void (written.out += `${text}\n`),
    error: (text) => void (written.error += `${text}\n`),
    color: more.color ?? false,
    cwd: tree.base,
    env: more.env ?? {},
  });
  const clean = (text: string): string => text.replaceAll(`${tree.base}/`, '');
  return { code, out: clean(written.out), error: clean(written.error) };
}

describe('kun-config explain', () => {
  it('shows for each value where it comes from and what it hides', async () => {
    await using tree = await TestingTree.of(GOOD);
    const ran = await kunConfig(tree, 'explain --schema schema.mjs --cluster eu --instance one', {
      env: { SHOP_URL: 'postgres://me:hunter2@db' },
    });
    expect(ran).toMatchInlineSnapshot(`
      {
        "code": 0,
        "error": "",
        "out": "Port          3            conf/shop/eu/one/public.yaml:1:7 (Instance)  restart
                    hides 2 of conf/shop/public.yaml:1:7 (Service)
                    hides 1 of conf/public.yaml:1:7 (Namespace)
      Tls           false        default
      Logger.Level  "info"       default, unset by conf/shop/eu/one/public.yaml:2:9 (Instance)  live
                    hides "debug" of conf/public.yaml:2:18 (Namespace)
      Db.Host       "eu"         conf/shop/eu/public.yaml:1:13 (Cluster)
      Db.Password   [secret]     conf/shop/public.yaml:3:13 (Service)
      Db.Url        \${SHOP_URL}  conf/shop/public.yaml:4:8 (Service)
      ",
      }
    `);
    expect(ran.out).not.toContain('hunter2');
  });

  it('explains one key, a section, and what is misspelt', async () => {
    await using tree = await TestingTree.of(GOOD);
    const env = { KUN_SERVICE: 'shop', KUN_CLUSTER: 'eu' };
    expect((await kunConfig(tree, 'explain Port --schema schema.mjs', { env })).out).toBe(
      'Port = 2\n  Where it listens\n  from conf/shop/public.yaml:1:7 (Service)\n' +
        '  hides 1 of conf/public.yaml:1:7 (Namespace)\n  a change takes effect at the next start\n',
    );
    expect((await kunConfig(tree, 'explain Logger --schema schema.mjs', { env })).out).toBe(
      'Logger.Level  "debug"  conf/public.yaml:2:18 (Namespace)  live\n',
    );
    expect(await kunConfig(tree, 'explain Loger.Level --schema schema.mjs', { env })).toEqual({
      code: 1,
      out: '',
      error: 'Loger.Level has no value and no default; did you mean Logger.Level?\n',
    });
  });

  it('gives the same to machines, and colours for people', async () => {
    await using tree = await TestingTree.of(GOOD);
    const { out } = await kunConfig(tree, 'explain Port --schema schema.mjs --cluster eu --json');
    expect(JSON.parse(out)).toEqual([
      {
        path: 'Port',
        shown: '2',
        from: 'file',
        place: { layer: 'Service', file: 'conf/shop/public.yaml', line: 1, column: 7 },
        hid: [{ layer: 'Namespace', file: 'conf/public.yaml', line: 1, column: 7, shown: '1' }],
        reload: 'restart',
        description: 'Where it listens',
      },
    ]);
    const plain = await kunConfig(tree, 'explain --schema schema.mjs --cluster eu');
    const colored = await kunConfig(tree, 'explain --schema schema.mjs --cluster eu', { color: true });
    expect(colored.out).not.toBe(plain.out);
    expect(stripVTControlCharacters(colored.out)).toBe(plain.out);
  });

  it('explains a tree without any schema', async () => {
    await using tree = await TestingTree.of(GOOD);
    const { code, out } = await kunConfig(tree, 'explain Db --cluster eu');
    expect({ code, out }).toMatchInlineSnapshot(`
      {
        "code": 0,
        "out": "Db.Password  [secret]     conf/shop/public.yaml:3:13 (Service)
      Db.Url       \${SHOP_URL}  conf/shop/public.yaml:4:8 (Service)
      Db.Host      "eu"         conf/shop/eu/public.yaml:1:13 (Cluster)
      ",
      }
    `);
  });
});

describe('kun-config check', () => {
  it('passes a good tree for every target in it, where variables and files are not at hand', async () => {
    await using tree = await TestingTree.of(GOOD);
    expect(await kunConfig(tree, 'check --schema schema.mjs')).toMatchInlineSnapshot(`
      {
        "code": 0,
        "error": "conf/shop/public.yaml:4:8 Db.Url: the environment variable SHOP_URL is not set; set it or write \${SHOP_URL:-default}
        4 |   Url: \${SHOP_URL}
          |        ^
      ",
        "out": "ok     shop
      ok     shop/eu
      ok     shop/eu/one
      ",
      }
    `);
    expect((await kunConfig(tree, 'check --schema schema.mjs --strict')).code).toBe(1);
    expect(
      (await kunConfig(tree, 'check --schema schema.mjs --strict', { env: { SHOP_URL: 'x' } })).code,
    ).toBe(0);
  });

  it('prints each problem of a broken tree once, with its place', async () => {
    await using tree = await TestingTree.of({
      ...GOOD,
      'conf/public.yaml': 'Prot: 1\n',
      'conf/shop/eu/public.yaml': 'Db: { Host: eu }\nTls: ture\n',
      'conf/shop/eu/one/public.yaml': 'Port: 70000\n',
    });
    const ran = await kunConfig(tree, 'check --schema schema.mjs', { env: { SHOP_URL: 'x' } });
    expect(ran).toMatchInlineSnapshot(`
      {
        "code": 1,
        "error": "conf/public.yaml:1:1 Prot: is not a known key; did you mean Port?
        1 | Prot: 1
          | ^
      conf/shop/eu/public.yaml:2:6 Tls: expected a boolean, found the string "ture"; did you mean true?
        2 | Tls: ture
          |      ^
      conf/shop/eu/one/public.yaml:1:7 Port: expected a whole number from 1 to 65535, found the number 70000
        1 | Port: 70000
          |       ^
      3 problems
      ",
        "out": "broken shop
      broken shop/eu
      broken shop/eu/one
      ",
      }
    `);
    const json = await kunConfig(tree, 'check --schema schema.mjs --json', { env: { SHOP_URL: 'x' } });
    expect(JSON.parse(json.out)).toMatchObject({
      ok: false,
      targets: [
        { target: 'shop', ok: false },
        { target: 'shop/eu', ok: false },
        { target: 'shop/eu/one', ok: false },
      ],
      problems: [{ key: 'Prot' }, { key: 'Tls' }, { key: 'Port' }],
    });
  });

  it('says which cluster lacks a value that no service sets', async () => {
    await using tree = await TestingTree.of({ ...GOOD, 'conf/shop/us/public.yaml': 'Port: 5\n' });
    const { code, error, out } = await kunConfig(tree, 'check --schema schema.mjs', {
      env: { SHOP_URL: 'x' },
    });
    expect({ code, error }).toMatchObject({
      code: 1,
      error: expect.stringContaining('Db.Host: is required, but no layer sets it'),
    });
    expect(out).toBe('ok     shop\nok     shop/eu\nok     shop/eu/one\nbroken shop/us\n');
  });
});

describe('kun-config check without --schema', () => {
  const { 'schema.mjs': code, ...conf } = GOOD;

  it('says that only the syntax was checked, and does not exit as if all were well', async () => {
    await using tree = await TestingTree.of({ ...conf, 'conf/shop/eu/public.yaml': 'Nonsense: 1\n' });
    const ran = await kunConfig(tree, 'check', { env: { SHOP_URL: 'x' } });
    expect(ran.code).toBe(3);
    expect(ran.out).toBe('syntax ok shop\nsyntax ok shop/eu\nsyntax ok shop/eu/one\n');
    expect(ran.error).toContain(
      'only the syntax was checked, neither keys nor values; name the schema with --schema',
    );
    const json = await kunConfig(tree, 'check --json', { env: { SHOP_URL: 'x' } });
    expect(json.code).toBe(3);
    expect(JSON.parse(json.out)).toMatchObject({ ok: false, schemas: 0 });
    await tree.write({ 'conf/public.yaml': 'a: [' });
    expect((await kunConfig(tree, 'check')).code).toBe(1);
  });

  it.each([
    ['{ "kun-config": ["./lib/schema.mjs"] }', 'package.json', ''],
    ['{ "kun-config": "./lib/schema.mjs" }', 'package.json', ''],
    ['{ "kun-config": ["./schema.mjs#schema", "./schema.mjs#other"] }', 'lib/package.json', ' --base lib'],
  ])('takes the schemas that package.json names: %s', async (manifest, file, more) => {
    await using tree = await TestingTree.of({
      ...Object.fromEntries(Object.entries(conf).map(([name, text]) => [more ? `lib/${name}` : name, text])),
      'lib/schema.mjs': code,
      [file]: manifest,
    });
    expect((await kunConfig(tree, `check${more}`)).code).toBe(0);
    await tree.write({ [more ? 'lib/conf/shop/public.yaml' : 'conf/shop/public.yaml']: 'Prot: 1\n' });
    const ran = await kunConfig(tree, `check${more}`);
    expect(ran.code).toBe(1);
    expect(ran.error).toContain('did you mean Port?');
    expect((await kunConfig(tree, `schema${more}`)).out).toContain('"Port"');
  });

  it.each([
    ['{ "kun-config": ["./nope.mjs"] }', 'nope.mjs cannot be imported'],
    ['{ "kun-config": { "schemas": [] } }', 'must be a list of modules'],
    ['{ "kun-config": [] }', 'must be a list of modules'],
    ['{', 'package.json is not JSON'],
  ])('refuses what package.json cannot mean: %s', async (manifest, message) => {
    await using tree = await TestingTree.of({ ...conf, 'package.json': manifest });
    const ran = await kunConfig(tree, 'check');
    expect(ran.code).toBe(2);
    expect(ran.error).toContain(message);
  });
});

describe('kun-config and what is not read', () => {
  it('warns of names that are nearly those of layers, also where no service is', async () => {
    await using tree = await TestingTree.of({
      ...GOOD,
      'conf/public.yml': '',
      'conf/shop/us/Public.yaml': '',
      'conf/shop/eu/one/public.yaml.bak': '',
      'conf/basket/public.yml': '',
    });
    const ran = await kunConfig(tree, 'check --schema schema.mjs', { env: { SHOP_URL: 'x' } });
    expect(ran).toMatchObject({ code: 0, out: 'ok     shop\nok     shop/eu\nok     shop/eu/one\n' });
    expect(ran.error).toBe(
      ['conf/public.yml', 'conf/basket/public.yml', 'conf/shop/us/Public.yaml']
        .map((name) => `${name} is not read; the file of this layer is called public.yaml\n`)
        .join(''),
    );
    await using none = await TestingTree.of({ 'conf/shop/public.yml': '' });
    expect((await kunConfig(none, 'check')).error).toContain('conf/shop/public.yml is not read');
  });

  it('prints the first of many problems and says how many there are', async () => {
    await using tree = await TestingTree.of({
      ...GOOD,
      'conf/public.yaml': Array.from({ length: 3_000 }, (_, n) => `k${n}: 1\n`).join(''),
    });
    const ran = await kunConfig(tree, 'check --schema schema.mjs --service shop', { env: { SHOP_URL: 'x' } });
    expect(ran.error.length).toBeLessThan(20_000);
    expect(ran.error).toMatch(/problems, of which the first 100 are shown\n$/);
  });

  it('shows what the environment sets, and where it comes from', async () => {
    await using tree = await TestingTree.of(GOOD);
    const env = { KUN_CONF__PORT: '9', KUN_CONF__DB__PASSWORD: 'hunter2', SHOP_URL: 'x' };
    const ran = await kunConfig(tree, 'explain --schema schema.mjs --cluster eu', { env });
    expect(ran.out).toMatch(
      /^Port +9 +environment variable KUN_CONF__PORT +restart\n +hides 2 of conf\/shop\/public.yaml/,
    );
    expect(ran.out).toMatch(/Db.Password +\[secret\] +environment variable KUN_CONF__DB__PASSWORD\n/);
    expect(ran.out).not.toContain('hunter2');
    expect(
      await kunConfig(tree, 'explain --schema schema.mjs --cluster eu', { env: { KUN_CONF__PROT: '1' } }),
    ).toEqual({
      code: 1,
      out: '',
      error:
        'environment variable KUN_CONF__PROT: sets nothing: there is no key PROT; did you mean KUN_CONF__PORT?\n',
    });
  });
});

describe('kun-config schema', () => {
  it('prints a JSON Schema of one file, which takes what a file may write', async () => {
    await using tree = await TestingTree.of(GOOD);
    const { out } = await kunConfig(tree, 'schema --schema schema.mjs --schema schema.mjs#other');
    const json: unknown = JSON.parse(out);
    expect(json).toMatchObject({
      type: 'object',
      additionalProperties: false,
      properties: {
        Port: { description: 'Where it listens. A change takes effect at the next start', default: 8080 },
      },
    });
    // Nothing that only kun knows, which a strict validator would refuse.
    expect(out).not.toMatch(/"(reload|secret|unit|required)"/);
    const schema = z.fromJSONSchema(json as never);
    for (const fine of [
      {},
      { Port: 1 },
      { Port: null, Logger: null },
      { Port: '${PORT}', Tls: 'yes' },
      { Db: {}, Extra: 'x' },
    ]) {
      expect(schema.safeParse(fine).success).toBe(true);
    }
    for (const wrong of [
      { Prot: 1 },
      { Port: 0 },
      { Port: 'x' },
      { Tls: 'ja' },
      { Logger: { Level: 'x' } },
      { Db: { Hots: 'a' } },
    ]) {
      expect(schema.safeParse(wrong).success).toBe(false);
    }
  });
});

describe('kun-config wrong usage', () => {
  it.each([
    ['frobnicate', 'there is no command frobnicate'],
    ['check --schema nope.mjs', 'nope.mjs cannot be imported'],
    [
      'check --schema schema.mjs#nope',
      'schema.mjs#nope is not a schema; name one of its exports: schema.mjs#schema, schema.mjs#other',
    ],
    ['check --schema @kun/nope', '@kun/nope cannot be imported'],
    ['check more', 'more is one argument too many'],
    ['check --base nowhere', 'there is no service below'],
    ['explain --service ..', 'cannot be a directory name'],
    ['explain --frob', 'there is no option --frob; see'],
    ['explain --clutser eu', 'there is no option --clutser; did you mean --cluster?'],
    ['chekc', 'there is no command chekc; did you mean check?'],
    ['frobnicate --help', 'there is no command frobnicate'],
    ['explain --cluster', "Option '--cluster <value>' argument missing"],
    ['schema', 'name the schema with --schema'],
  ])('%s', async (command, message) => {
    await using tree = await TestingTree.of(GOOD);
    const ran = await kunConfig(tree, command);
    expect(ran.code).toBe(2);
    expect(ran.error).toContain(message);
    expect(ran.error).toMatch(/^kun-config: [^\n]*\n$/);
  });
});

describe('kun-config --help', () => {
  it('lists the commands', async () => {
    await using tree = await TestingTree.of({});
    const { code, out } = await kunConfig(tree, '--help');
    expect(code).toBe(0);
    expect(out).toMatch(/^Usage: kun-config <command> \[options\]$/m);
    for (const command of ['explain [key]', 'check', 'schema']) expect(out).toContain(`\n  ${command} `);
  });

  it.each(['explain', 'check', 'schema'])(
    'of %s has its usage, options and examples that work',
    async (command) => {
      await using tree = await TestingTree.of({
        ...GOOD,
        'package.json': '{ "kun-config": ["./schema.mjs#schema"] }',
      });
      const { code, out } = await kunConfig(tree, `${command} --help`);
      expect(code).toBe(0);
      expect(out).toMatch(new RegExp(`^Usage: kun-config ${command}`));
      expect(out).toMatch(/\nExamples:\n {2}kun-config .*\n/);
      const options = [...out.matchAll(/^ {2}(?:-\w, )?(--\w+)( <)?/gm)];
      expect(options.length).toBeGreaterThan(2);
      // Each is taken: what comes of it is another matter.
      for (const [, option = '', value] of options) {
        const ran = await kunConfig(tree, `${command} ${option}${value === undefined ? '' : ' x'} --help`);
        expect(ran.code, ran.error).toBe(0);
      }
    },
  );
});

it('tells its version', async () => {
  const out: string[] = [];
  const terminal = {
    out: (text: string) => out.push(text),
    error: () => {},
    color: false,
    cwd: '/',
    env: {},
  };
  expect(await run(['--version'], terminal)).toBe(0);
  expect(out.join()).toMatch(/^\d+\.\d+\.\d+/);
});
