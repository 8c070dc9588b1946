import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { REPOSITORY } from '../running-process.js';

const run = promisify(execFile);

const SOURCE = join(import.meta.dirname, 'nodes');
const INSTALLED = join(REPOSITORY, '.cache/endings-nodes');
const DONE = join(INSTALLED, 'done');

/** The lines of Node that are supported; `nodes/package.json` says which release of each. */
export const NODE_LINES = ['22', '24', '26'] as const;

/**
 * The Node binaries of {@link NODE_LINES}, installed from npm into a cache of this test's own on the first run (350 MB,
 * seconds to a minute); on later ones nothing is done.
 */
export async function installNodes(): Promise<ReadonlyMap<string, string>> {
  const lock = await readFile(join(SOURCE, 'package-lock.json'), 'utf8');
  if ((await readFile(DONE, 'utf8').catch(() => '')) !== lock) {
    await rm(INSTALLED, { recursive: true, force: true });
    await mkdir(INSTALLED, { recursive: true });
    await cp(SOURCE, INSTALLED, { recursive: true });
    await run('npm', ['ci'], { cwd: INSTALLED, env: withoutThisPackage() });
    await writeFile(DONE, lock);
  }
  return new Map(NODE_LINES.map((line) => [line, join(INSTALLED, `node_modules/node-${line}/bin/node`)]));
}

/** What npm tells its scripts of the package they run for would lead the install astray. */
function withoutThisPackage(): NodeJS.ProcessEnv {
  const foreign = /^(npm_package_|npm_lifecycle_|npm_config_(local_prefix|prefix|workspace)|INIT_CWD)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}
