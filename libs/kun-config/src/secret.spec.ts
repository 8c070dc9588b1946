import { inspect } from 'node:util';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { TestingTree } from '../test/testing-tree.js';
import { loadConfig } from './load/load-config.js';
import { Secret } from './secret.js';

const HUNTER = 'hunter2-do-not-print';

/** Everything that a failed loading could show somebody. */
async function shownBy(
  tree: TestingTree,
  schemas: Parameters<typeof loadConfig>[0]['schemas'],
): Promise<string> {
  const env = { HUNTER };
  const error: unknown = await loadConfig({ base: tree.base, service: 's', schemas, env }).catch(
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(Error);
  return `${String(error)} ${JSON.stringify(error)} ${inspect(error, { depth: 9 })}`;
}

describe('Secret', () => {
  it('never prints', () => {
    const secret = Secret.of(HUNTER);
    const seen = [
      // oxlint-disable-next-line typescript/restrict-template-expressions -- that is what must be safe
      `${secret}`,
      JSON.stringify({ secret }),
      inspect({ secret }),
      String(secret),
    ];
    seen.push(
      inspect(secret, { showHidden: true, depth: 9 }),
      Object.values(secret).join(),
      secret.toString(),
    );
    expect(seen.join()).not.toContain(HUNTER);
    expect(seen.join()).toContain('[secret]');
    expect(secret.reveal()).toBe(HUNTER);
  });

  it('is what a schema makes of a string, with zod and with valibot', async () => {
    await using tree = await TestingTree.of({
      'conf/s/public.yaml': `A: { Dsn: ${HUNTER} }\nB: { Dsn: ${HUNTER} }\n`,
    });
    const { value } = await loadConfig({
      base: tree.base,
      service: 's',
      schemas: [
        z.object({ A: z.object({ Dsn: z.string().transform(Secret.of) }) }),
        v.object({ B: v.object({ Dsn: v.pipe(v.string(), v.transform(Secret.of)) }) }),
      ],
    });
    expect(value.A.Dsn.reveal()).toBe(HUNTER);
    expect(value.B.Dsn.equals(value.A.Dsn)).toBe(true);
    expect(inspect(value)).not.toContain(HUNTER);
  });
});

describe('no error prints a secret', () => {
  it.each([
    ['known by the sound of its key', `Password: ${HUNTER}\n`, z.object({ Password: z.string().max(3) })],
    [
      'written as a number',
      'Pin: { ApiToken: 271828 }\n',
      z.object({ Pin: z.object({ ApiToken: z.string() }) }),
    ],
    ['known by its schema', `Dsn: ${HUNTER}\n`, z.object({ Dsn: z.string().max(3).meta({ secret: true }) })],
    [
      'known by its transformation',
      `Dsn: ${HUNTER}\n`,
      z.object({ Dsn: z.string().max(3).transform(Secret.of) }),
    ],
    ['in a list below it', `Secrets: [a, ${HUNTER}]\n`, z.object({ Secrets: z.array(z.int()) })],
    [
      'beside a mistake',
      `Db: { Password: ${HUNTER}, Port: x }\n`,
      z.object({ Db: z.object({ Port: z.int() }) }),
    ],
    ['told by its library', `Password: ${HUNTER}\n`, v.object({ Password: v.pipe(v.string(), v.email()) })],
    ['of the wrong type', `Password: ${HUNTER}\n`, v.object({ Password: v.number() })],
    ['in a URL', `Url: postgres://me:${HUNTER}@host/db\n`, z.object({ Url: z.int() })],
    ['by an alias', `Password: &p ${HUNTER}\nPort: *p\n`, z.object({ Password: z.string(), Port: z.int() })],
    ['from the environment', 'Port: ${HUNTER}\n', z.object({ Port: z.int() })],
    ['from the environment, told by its library', 'Port: ${HUNTER}\n', v.object({ Port: v.number() })],
    ['in a text that is not YAML', `Password: "${HUNTER}\nPort: 1\n`, z.object({})],
    ['in a block', `Password: |\n  a\n  ${HUNTER}\n\tb\n`, z.object({})],
    ['in a flow map', `Db: { Password: ${HUNTER}, Port: ] }\n`, z.object({})],
    ['over several lines', `Token: "first\n${HUNTER}\n${HUNTER}: \tx\n@`, z.object({})],
    ['under a secret section', `Secrets:\n  A:\n    B: ${HUNTER} : x : y\n`, z.object({})],
    ['in a comment', `# Password: ${HUNTER}\nPort: [\n`, z.object({})],
    ['after a misspelt key', `Pasword: ${HUNTER}\n`, z.object({})],
    ['quoted by the parser', `- { Token: "${HUNTER}", x: ${HUNTER}\n`, z.object({})],
    ['behind another one', `A: { Password: "x", Token: |\n  ${HUNTER}\n`, z.object({})],
    ['as a default', `Password: \${NOT_SET:-${HUNTER}}\nX: }`, z.object({})],
  ])('%s', async (_, text, schema) => {
    await using tree = await TestingTree.of({ 'conf/s/public.yaml': text });
    const shown = await shownBy(tree, [schema]);
    expect(shown).not.toContain(HUNTER);
    expect(shown).not.toContain('271828');
    expect(shown).toMatch(/public\.yaml:\d+:\d+/);
  });
});

describe('values from outside', () => {
  const schema = z.object({
    Port: z.int().default(1),
    Name: z.string().default(''),
    On: z.boolean().default(false),
    Key: z.string().transform(Secret.of).optional(),
  });

  it.each([
    ['Port: ${PORT}', { Port: 8080 }],
    ['Port: ${NOPE:-9}', { Port: 9 }],
    ['Port: ${EMPTY:-9}', { Port: 9 }],
    ['Name: ${PORT}', { Name: '8080' }],
    ['Name: "${PORT}"', { Name: '8080' }],
    ['Name: a-${PORT}-${NOPE:-x}', { Name: 'a-8080-x' }],
    ['Name: $${PORT}', { Name: '${PORT}' }],
    ['Name: ${EMPTY}', { Name: '' }],
    ['Name: $PORT', { Name: '$PORT' }],
    ['On: ${YES}', { On: true }],
    ['Name: ${YES}', { Name: 'yes' }],
  ])('%s', async (text, value) => {
    await using tree = await TestingTree.of({ 'conf/s/public.yaml': text });
    const env = { PORT: '8080', EMPTY: '', YES: 'yes' };
    const loaded = await loadConfig({ base: tree.base, service: 's', schemas: [schema], env });
    expect(loaded.value).toMatchObject(value);
  });

  it('that are not there are refused, each with its place', async () => {
    await using tree = await TestingTree.of({
      'conf/s/public.yaml': 'Name: ${NOPE}\nKey: !file missing/key\n',
    });
    await expect(loadConfig({ base: tree.base, service: 's', schemas: [schema], env: {} })).rejects.toThrow(
      /2 problems[^]*:1:7 Name: the environment variable NOPE is not set; set it or write \$\{NOPE:-default\}[^]*:2:12 Key: the file .*missing\/key cannot be read \(ENOENT\)/,
    );
  });

  it('that are not there can be tolerated where a tree is only checked', async () => {
    await using tree = await TestingTree.of({
      'conf/s/public.yaml': 'Port: ${NOPE}\nName: a\nKey: !file missing\n',
    });
    const options = {
      base: tree.base,
      service: 's',
      schemas: [schema],
      env: {},
      external: 'tolerated' as const,
    };
    const { warnings, value } = await loadConfig(options);
    expect(warnings.map(({ key }) => key)).toEqual(['Port', 'Key']);
    // What is at hand is there all the same, with the default for what is not.
    expect(value).toMatchObject({ Port: 1, Name: 'a', On: false });
  });

  it('in a file lose one line break, are relative to the file that names them, and are watched', async () => {
    await using tree = await TestingTree.of({
      'conf/s/public.yaml': 'Key: !file ../../run/key\nName: !file ../../run/name\n',
      'run/key': `${HUNTER}\n`,
      'run/name': 'two\n\n',
    });
    const loaded = await loadConfig({ base: tree.base, service: 's', schemas: [schema] });
    expect(loaded.value.Key?.reveal()).toBe(HUNTER);
    expect(loaded.value.Name).toBe('two\n');
    expect(loaded.files).toContain(tree.path('run/key'));
  });

  it('are not printed by an origin', async () => {
    await using tree = await TestingTree.of({
      'conf/public.yaml': 'Name: ${HUNTER}\nKey: outer\n',
      'conf/s/public.yaml': 'Name: inner\nKey: inner\n',
    });
    const loaded = await loadConfig({ base: tree.base, service: 's', schemas: [schema], env: { HUNTER } });
    expect(loaded.origin('Name')?.hid[0]?.shown).toBe('${HUNTER}');
    expect(loaded.origin('Key')?.hid[0]?.shown).toBe('[secret]');
  });
});
