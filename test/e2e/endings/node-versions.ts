import { join } from 'node:path';
import { requireNpmPackages } from '../../peers/npm-packages.js';

/** The lines of Node that are supported; `nodes/package.json` says which release of each: the floors, and the newest. */
export const NODE_LINES = ['22', '24', '26'] as const;

/** Those that lack what kun needs: the line before the first, and the last release before a floor. */
export const REFUSED_NODES = ['too-old-20', 'too-old-22'] as const;

/**
 * The Node binaries of {@link NODE_LINES} and {@link REFUSED_NODES}, installed from npm (600 MB, within a minute) on the
 * first run.
 */
export async function installNodes(): Promise<ReadonlyMap<string, string>> {
  const modules = await requireNpmPackages(join(import.meta.dirname, 'nodes'), 'endings-nodes');
  const names = [...NODE_LINES, ...REFUSED_NODES];
  return new Map(names.map((name) => [name, join(modules, `node-${name}/bin/node`)]));
}
