import { execFileSync } from 'node:child_process';
import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { inspect } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { TestingTree } from '../../test/testing-tree.js';
import { readSmallFile } from '../files/small-file.js';
import { ConfigError } from '../report/config-error.js';
import { loadConfig } from './load-config.js';

const schema = z.object({ V: z.string().optional(), Port: z.int().optional() });

async function refusal(tree: TestingTree, env: NodeJS.ProcessEnv = {}): Promise<ConfigError> {
  const names = { base: tree.base, service: 's', cluster: 'c', instance: 'i' };
  const error: unknown = await loadConfig({ ...names, schemas: [schema], env }).catch(
    (caught: unknown) => caught,
  );
  if (!(error instanceof ConfigError)) throw new Error('nothing was refused', { cause: error });
  return error;
}

async function warnings(tree: TestingTree): Promise<string[]> {
  const names = { base: tree.base, service: 's', cluster: 'c', instance: 'i' };
  const config = await loadConfig({ ...names, schemas: [schema], env: {} });
  return config.warnings.map(({ message }) => message.replaceAll(`${tree.base}/`, ''));
}

describe('a file that is no file to read', () => {
  it('is refused, as a layer and with !file: a pipe, a device, a directory, one too large, one of the kernel', async () => {
    await using tree = await TestingTree.of({
      'conf/s/public.yaml': '',
      'conf/s/large': Buffer.alloc(1024 * 1024 + 1),
    });
    execFileSync('mkfifo', [tree.path('conf/s/pipe')]);
    for (const [file, message] of [
      ['pipe', 'not a regular file'],
      ['/dev/zero', 'not a regular file'],
      ['/dev/tty', /not a regular file|ENXIO|ENOENT/],
      ['.', 'EISDIR'],
      ['large', 'it has 1048577 bytes'],
      ['nothing', 'ENOENT'],
      ['/proc/kmsg', /no end|EPERM|EACCES|ENOENT|within/],
      ['/proc/self/pagemap', /no end in sight|EPERM|EACCES|ENOENT|EIO|EINVAL/],
    ] as const) {
      await tree.write({ 'conf/s/public.yaml': `V: !file ${file}\n` });
      expect((await refusal(tree)).message).toMatch(message);
    }
    await tree.write({ 'conf/s/public.yaml': 'V: a\n' });
    execFileSync('mkfifo', [tree.path('conf/public.yaml')]);
    expect((await refusal(tree)).message).toContain(
      'conf/public.yaml: the file cannot be read (not a regular file)',
    );
  });

  it('that states no length is read to its end', async () => {
    expect((await readSmallFile('/proc/self/status')).toString()).toMatch(/^Name:/);
  });

  it('that never answers is given up', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const read = readSmallFile('/proc/self/status', { timeoutMs: 70 });
      // Before any answer of the system can be heard.
      vi.advanceTimersByTime(70);
      await expect(read).rejects.toThrow('could not be read within 70 ms');
    } finally {
      vi.useRealTimers();
    }
  });

  it('is read once and counted, however often it is named', async () => {
    await using tree = await TestingTree.of({
      'conf/s/public.yaml': Array.from({ length: 40 }, (_, n) => `k${n}: !file f${n % 20}\n`).join(''),
      ...Object.fromEntries(
        Array.from({ length: 20 }, (_, n) => [`conf/s/f${n}`, Buffer.alloc(1024 * 1024, 'x')]),
      ),
    });
    const loading = loadConfig({ base: tree.base, service: 's' });
    await expect(loading).rejects.toThrow('the files named before it have more than 16777216 bytes');
  });
});

describe('a layer that is a link', () => {
  it('shows nothing of a file outside of the base', async () => {
    await using outside = await TestingTree.of({});
    await using tree = await TestingTree.of({ 'conf/s/public.yaml': '' });
    await mkdir(tree.path('conf/s/c'), { recursive: true });
    await symlink(outside.path('x'), tree.path('conf/s/c/public.yaml'));
    for (const text of [
      'hunter2: 1\n',
      'Port: hunter2\n',
      'Port:\n  hunter2: 1\n',
      'root:hunter2:0:0\n',
      'V: 1\n  hunter2: 1\n',
      'V: *hunter2\n',
      'V: !hunter2 x\n',
      '&hunter2 a: 1\n&hunter2 a: 2\n',
      'hunter2: 1\nhunter2: 2\n',
      'V: ${hunter2}\n',
      'V: ${hunter2:x}\n',
      'V: !file hunter2\n',
      '%hunter2\n',
      '[hunter2',
      'hunter2',
    ]) {
      await writeFile(outside.path('x'), text);
      const error = await refusal(tree);
      expect(error.problems[0]?.file).toContain('conf/s/c/public.yaml');
      expect(inspect(error, { depth: 9 })).not.toContain('hunter2');
    }
  });

  it("is shown where it stays below the base, as a ConfigMap's does", async () => {
    await using tree = await TestingTree.of({
      'conf/..2026/public.yaml': 'Port: abc\n',
      'conf/s/public.yaml': '',
    });
    await symlink('..2026', tree.path('conf/..data'));
    await symlink('..data/public.yaml', tree.path('conf/public.yaml'));
    expect((await refusal(tree)).message).toContain('1 | Port: abc');
    // The base itself may be a link.
    await using other = await TestingTree.of({});
    await symlink(tree.base, other.path('link'));
    const loading = loadConfig({ base: other.path('link'), service: 's', schemas: [schema] });
    await expect(loading).rejects.toThrow('1 | Port: abc');
  });

  it('is refused when it leads nowhere', async () => {
    await using tree = await TestingTree.of({ 'conf/s/public.yaml': '' });
    await symlink('nowhere', tree.path('conf/public.yaml'));
    expect((await refusal(tree)).message).toContain(
      'conf/public.yaml: the file is a link that leads nowhere',
    );
  });
});

describe('a report', () => {
  it.each([
    ['many unknown keys', Array.from({ length: 60_000 }, (_, n) => `k${n}: 1`).join('\n')],
    ['many wrong items', `V: [${'1, '.repeat(60_000)}]`],
    ['huge keys', Array.from({ length: 50 }, (_, n) => `"${'k'.repeat(10_000)}${n}": 1`).join('\n')],
    ['a huge alias', `V: *${'a'.repeat(500_000)}`],
    ['a huge value', `Port: ${'x'.repeat(500_000)}`],
    ['many placeholders', Array.from({ length: 10_000 }, (_, n) => `k${n}: \${X${n}}`).join('\n')],
    ['many wrong placeholders', Array.from({ length: 10_000 }, (_, n) => `k${n}: \${X:}`).join('\n')],
    ['many files', Array.from({ length: 1_000 }, (_, n) => `k${n}: !file ${'x'.repeat(200)}${n}`).join('\n')],
    ['many braces', `V: ${'${A:-'.repeat(50_000)}`],
    ['many closed braces', `V: ${'${A:-'.repeat(50_000)}${'}'.repeat(50_000)}`],
  ])(
    'of %s is short',
    async (_, text) => {
      await using tree = await TestingTree.of({ 'conf/s/public.yaml': `${text}\n` });
      const error = await refusal(tree);
      expect(error.message.length).toBeLessThan(100_000);
      expect(error.problems.length).toBeLessThanOrEqual(200);
      expect(JSON.stringify(error.problems).length).toBeLessThan(300_000);
    },
    30_000,
  );

  it('says how many problems there are in all', async () => {
    await using tree = await TestingTree.of({
      'conf/s/public.yaml': Array.from({ length: 60_000 }, (_, n) => `k${n}: 1\n`).join(''),
    });
    const error = await refusal(tree);
    expect(error.omitted).toBe(59_800);
    expect(error.message).toMatch(/^the configuration has 60000 problems\n/);
    expect(error.message).toMatch(/and 59900 more$/);
  }, 30_000);
});

describe('a name that is nearly that of a layer', () => {
  it.each([
    'conf/public.yml',
    'conf/Public.yaml',
    'conf/PUBLIC.YAML',
    'conf/public.yaml.bak',
    'conf/public.yaml~',
    'conf/public.yaml.txt',
    'conf/public.json',
    'conf/pubilc.yaml',
    'conf/s/c/public.yml',
    'conf/s/c/i/Public.yml',
    'conf/s/C/public.yaml',
    'conf/s/c/I/public.yaml',
    'conf/s/c.yaml',
    'conf/s/c/i.yml',
  ])('%s is warned of', async (name) => {
    await using tree = await TestingTree.of({ 'conf/s/public.yaml': '', [name]: 'Port: 1\n' });
    const found = await warnings(tree);
    expect(found).toHaveLength(1);
    expect(`${found[0]}`.startsWith(`${name.replace(/\/(C|I)\/.*/, '/$1')} is not read; `)).toBe(true);
  });

  it('is warned of beside the file, unless it is a backup or something else', async () => {
    await using tree = await TestingTree.of({
      'conf/public.yaml': '',
      'conf/public.yml': '',
      'conf/public.yaml.bak': '',
      'conf/public.yaml~': '',
      'conf/.public.yaml.swp': '',
      'conf/private.yaml': '',
      'conf/certs/public.pem': '',
      'conf/s/public.yaml': '',
      'conf/s/other.yaml': '',
      'conf/S2/public.yaml': '',
    });
    expect(await warnings(tree)).toEqual([
      'conf/public.yml is not read; the file of this layer is called public.yaml',
    ]);
  });

  it('is named where the layer is required', async () => {
    await using tree = await TestingTree.of({ 'conf/S/public.yaml': '' });
    expect((await refusal(tree)).message).toContain(
      'conf/S is not read; the directory of this layer is called s',
    );
    await rename(tree.path('conf/S'), tree.path('conf/s'));
    await rename(tree.path('conf/s/public.yaml'), tree.path('conf/s/public.yml'));
    expect((await refusal(tree)).message).toContain('conf/s/public.yml is not read; the file of this layer');
  });

  it('is an error where a directory has it', async () => {
    await using tree = await TestingTree.of({ 'conf/s/public.yaml': '', 'conf/public.yaml/x': '' });
    expect((await refusal(tree)).message).toContain('conf/public.yaml: the file cannot be read (EISDIR)');
  });
});
