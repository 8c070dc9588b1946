import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

const LOCK = join(tmpdir(), 'kun-debian-packages.lock');
const UPDATED = join(tmpdir(), 'kun-debian-packages.updated');
const LISTS_ARE_FRESH_MS = 60 * 60 * 1000;
const NAMELESS_LOCK_MS = 10_000;

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
  await takeLock();
  try {
    // Another worker may have installed them meanwhile.
    const wanted = await missing(names);
    if (wanted.length > 0) await install(wanted);
  } finally {
    await rm(LOCK, { recursive: true, force: true });
  }
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

/** Creating a directory succeeds for one process only. One left behind by a dead process is taken over. */
async function takeLock(): Promise<void> {
  for (;;) {
    try {
      await mkdir(LOCK);
      await writeFile(join(LOCK, 'pid'), String(process.pid));
      return;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    if (await holderIsDead()) await rm(LOCK, { recursive: true, force: true });
    // Waiting for another process: there is no event to wait for.
    else await delay(200);
  }
}

async function holderIsDead(): Promise<boolean> {
  const pid = Number(await readFile(join(LOCK, 'pid'), 'utf8').catch(() => ''));
  // None for the moment between the directory and its file.
  if (pid === 0) return isOlder(LOCK, NAMELESS_LOCK_MS);
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
}

async function isOlder(path: string, ageMs: number): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > ageMs;
}
