import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const NAMELESS_LOCK_MS = 10_000;

/** Does the work while no other process does any under the same lock, which is a folder at the path. */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  await takeLock(path);
  try {
    return await work();
  } finally {
    await rm(path, { recursive: true, force: true });
  }
}

/** Whether a file or folder was last changed longer ago than this; `false` when there is none. */
export async function isOlder(path: string, ageMs: number): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > ageMs;
}

/** Creating a directory succeeds for one process only. One left behind by a dead process is taken over. */
async function takeLock(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  for (;;) {
    try {
      await mkdir(path);
      await writeFile(join(path, 'pid'), String(process.pid));
      return;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    if (await holderIsDead(path)) await rm(path, { recursive: true, force: true });
    // Waiting for another process: there is no event to wait for.
    else await delay(200);
  }
}

async function holderIsDead(path: string): Promise<boolean> {
  const pid = Number(await readFile(join(path, 'pid'), 'utf8').catch(() => ''));
  // None for the moment between the directory and its file.
  if (pid === 0) return isOlder(path, NAMELESS_LOCK_MS);
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
}
