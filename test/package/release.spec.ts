import { execFile } from 'node:child_process';
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ROOT } from './published.js';

const run = promisify(execFile);
const MANIFESTS = ['package.json', ...globSync('{libs,apps}/*/package.json', { cwd: ROOT })];

let copy: string;

beforeEach(async () => {
  copy = mkdtempSync(join(tmpdir(), 'kun-release-'));
  for (const file of [...MANIFESTS, 'package-lock.json', 'CHANGELOG.md', '.ci/release.mjs']) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(join(ROOT, file), join(copy, file));
  }
  await git('init', '--quiet');
  await commit();
});

afterEach(() => rmSync(copy, { recursive: true, force: true }));

it('raises every version and what packages require of each other, and closes the changelog', async () => {
  await release('99.0.0');
  for (const file of MANIFESTS) {
    const manifest = JSON.parse(read(file)) as Manifest;
    expect(manifest.version, file).toBe('99.0.0');
    for (const [name, range] of Object.entries(manifest.dependencies ?? {})) {
      if (name.startsWith('@kun/')) expect(range, `${file}: ${name}`).toBe('99.0.0');
    }
  }
  const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Manifest> };
  expect(packages['libs/kun-core']).toMatchObject({
    version: '99.0.0',
    dependencies: { '@kun/wire': '99.0.0' },
  });
  expect(read('CHANGELOG.md')).toMatch(/^## \[Unreleased\]\n\n## \[99\.0\.0\] - \d{4}-\d\d-\d\d\n\n\S/m);
  // Nothing else of the files is touched.
  const { stdout } = await git('diff', '--numstat', '--', 'libs/kun-core/package.json');
  expect(stdout).toMatch(/^3\t3\t/);
});

it('changes nothing in a dry run', async () => {
  const { stdout } = await release('99.0.0', '--dry-run');
  expect(stdout).toContain('libs/kun-core/package.json');
  expect((await git('status', '--porcelain')).stdout).toBe('');
});

it.each([
  ['no version', []],
  ['what is no version', ['next']],
  ['a version that has passed', ['0.0.1']],
])('refuses %s', async (_, args) => {
  await expect(release(...args)).rejects.toMatchObject({ code: 1, stderr: /^release: / });
});

it('refuses changes that are not committed, a version twice, and a changelog that says nothing', async () => {
  writeFileSync(join(copy, 'new.txt'), '');
  await expect(release('99.0.0')).rejects.toMatchObject({ stderr: /commit or stash.*\n\?\? new\.txt/ });
  await commit();
  await release('99.0.0');
  await commit();
  await expect(release('99.0.0')).rejects.toMatchObject({ stderr: /does not come after 99\.0\.0/ });
  await expect(release('99.1.0')).rejects.toMatchObject({
    stderr: /Unreleased of CHANGELOG.md names no change/,
  });
});

interface Manifest {
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

function release(...args: string[]) {
  return run(process.execPath, ['.ci/release.mjs', ...args], { cwd: copy });
}

function git(...args: string[]) {
  return run('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], { cwd: copy });
}

async function commit(): Promise<void> {
  await git('add', '--all');
  await git('commit', '--quiet', '--message', 'As it is');
}

function read(file: string): string {
  return readFileSync(join(copy, file), 'utf8');
}
