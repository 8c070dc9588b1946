import { execFile } from 'node:child_process';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { REPOSITORY } from '../e2e/running-process.js';
import { withLock } from './process-lock.js';

const run = promisify(execFile);

/**
 * Installs what a folder's `package.json` and `package-lock.json` name, for a test that needs packages the repository
 * itself must not have. They lie in a cache (git-ignored) and are installed again when the lock file changes.
 *
 * @returns the path of their `node_modules`
 */
export async function requireNpmPackages(folder: string, name: string): Promise<string> {
  const installed = join(REPOSITORY, '.cache/npm', name);
  // One process installs, and the others wait: what they use must not be replaced under them.
  await withLock(`${installed}.lock`, async () => {
    const done = join(installed, 'done');
    const lock = await readFile(join(folder, 'package-lock.json'), 'utf8');
    if ((await readFile(done, 'utf8').catch(() => '')) === lock) return;
    await rm(installed, { recursive: true, force: true });
    await cp(folder, installed, { recursive: true });
    await run('npm', ['ci'], { cwd: installed, env: withoutThisPackage(), maxBuffer: 64 * 1024 * 1024 });
    await writeFile(done, lock);
  });
  return join(installed, 'node_modules');
}

/** What npm tells its scripts of the package they run for would lead the install astray. */
function withoutThisPackage(): NodeJS.ProcessEnv {
  const foreign = /^(npm_package_|npm_lifecycle_|npm_config_(local_prefix|prefix|workspace)|INIT_CWD)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}
