import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { REPOSITORY } from '../e2e/running-process.js';

const run = promisify(execFile);

/**
 * Installs what a folder's `package.json` and `package-lock.json` name, for a test that needs packages the repository
 * itself must not have. They lie in a cache (git-ignored) and are installed again when the lock file changes.
 *
 * @returns the path of their `node_modules`
 */
export async function requireNpmPackages(folder: string, name: string): Promise<string> {
  const installed = join(REPOSITORY, '.cache/npm', name);
  const done = join(installed, 'done');
  const lock = await readFile(join(folder, 'package-lock.json'), 'utf8');
  if ((await readFile(done, 'utf8').catch(() => '')) !== lock) {
    const fresh = `${installed}.${process.pid}`;
    await mkdir(fresh, { recursive: true });
    await cp(folder, fresh, { recursive: true });
    await run('npm', ['ci'], { cwd: fresh, env: withoutThisPackage(), maxBuffer: 64 * 1024 * 1024 });
    await writeFile(join(fresh, 'done'), lock);
    // Whole or not at all, whatever runs at the same time.
    await rm(installed, { recursive: true, force: true });
    await rename(fresh, installed);
  }
  return join(installed, 'node_modules');
}

/** What npm tells its scripts of the package they run for would lead the install astray. */
function withoutThisPackage(): NodeJS.ProcessEnv {
  const foreign = /^(npm_package_|npm_lifecycle_|npm_config_(local_prefix|prefix|workspace)|INIT_CWD)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}
