import { join } from 'node:path';
import { requireNpmPackages } from '../../peers/npm-packages.js';

/** The lines of Node that are supported; `nodes/package.json` says which release of each: the floors, and the newest. */
export const NODE_LINES = ['22', '24', '26'] as const;

/**
 * The Node binaries of {@link NODE_LINES}, installed from npm (400 MB, within a minute) on the first run.
 */
export async function installNodes(): Promise<ReadonlyMap<string, string>> {
  const modules = await requireNpmPackages(join(import.meta.dirname, 'nodes'), 'endings-nodes');
  return new Map(NODE_LINES.map((line) => [line, join(modules, `node-${line}/bin/node`)]));
}
