import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isOlder, withLock } from './process-lock.js';

const run = promisify(execFile);

const LOCK = join(tmpdir(), 'kun-debian-packages.lock');
const UPDATED = join(tmpdir(), 'kun-debian-packages.updated');
const LISTS_ARE_FRESH_MS = 60 * 60 * 1000;

/**
 * Makes sure that Debian packages are there, for tests against real peers. As root it installs what is
 * missing (after one `apt-get update` an hour); one process at a time, so workers may call it together.
 * Allow for minutes: `beforeAll(() => requireDebianPackages('haproxy'), 300_000)`.
 *
 * @throws {Error} saying in one line what to install, when it may not or cannot install.
 */
export async function requireDebianPackages(...names: string[]): Promise<void> {
  if ((await missing(names)).length === 0) return;
  if (process.getuid?.() !== 0) throw new Error(remedy(await missing(names), 'this user may not install'));
  await withLock(LOCK, async () => {
    // Another worker may have installed them meanwhile.
    const wanted = await missing(names);
    if (wanted.length > 0) await install(wanted);
  });
}

async function missing(names: readonly string[]): Promise<string[]> {
  const states = await Promise.all(
    names.map(async (name) => {
      try {
        const { stdout } = await run('dpkg-query', ['-W', '-f=${db:Status-Status}', name]);
        return stdout === 'installed';
      } catch {
        return false; // unknown to dpkg, or no dpkg at all
      }
    }),
  );
  return names.filter((_, index) => !states[index]);
}

async function install(names: readonly string[]): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const options = ['-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300'];
  try {
    if (!existsSync(UPDATED) || (await isOlder(UPDATED, LISTS_ARE_FRESH_MS))) {
      await run('apt-get', ['update'], { env });
      await writeFile(UPDATED, '');
    }
    await run('apt-get', ['install', ...options, ...names], { env, maxBuffer: 64 * 1024 * 1024 });
  } catch (error) {
    throw new Error(remedy(names, 'apt-get failed'), { cause: error });
  }
}

function remedy(names: readonly string[], why: string): string {
  const list = names.join(' ');
  return `Missing Debian packages (${why}); run: apt-get install -y --no-install-recommends ${list}`;
}
