import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The package's folder, relative to its `dist`. */
export const PACKAGE_ROOT = join(import.meta.dirname, '..');

/** create-kun's own version and range of Node versions, which all packages of kun share. */
export function ownPackage(): { readonly version: string; readonly node: string } {
  const manifest = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as {
    version: string;
    engines: { node: string };
  };
  return { version: manifest.version, node: manifest.engines.node };
}
