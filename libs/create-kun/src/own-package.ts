import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where the package is, from its `dist`. */
export const PACKAGE_ROOT = join(import.meta.dirname, '..');

/** What create-kun says of itself: all packages of kun have one version, and one range of Nodes. */
export function ownPackage(): { readonly version: string; readonly node: string } {
  const manifest = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as {
    version: string;
    engines: { node: string };
  };
  return { version: manifest.version, node: manifest.engines.node };
}
