import { existsSync, readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { ScaffoldError } from '../terminal.js';
import type { FilledFile } from './fill-template.js';

/** kun's packages, by their names in a project's package.json. */
const OURS = ['@kun/config', '@kun/core', '@kun/wire', 'create-kun'] as const;

/**
 * Makes a project install kun's packages from a folder of tarballs (`npm pack`) instead of the registry.
 *
 * @throws {ScaffoldError} when a tarball is missing, or the project has no package.json.
 */
export function takeLocalPackages(
  files: readonly FilledFile[],
  folder: string,
  { directory, version }: { readonly directory: string; readonly version: string },
): FilledFile[] {
  const tarballs = OURS.map((name): [string, string] => {
    const file = `${name.replace('@', '').replace('/', '-')}-${version}.tgz`;
    if (!existsSync(join(folder, file))) {
      const there = existsSync(folder) ? readdirSync(folder).filter((each) => each.endsWith('.tgz')) : [];
      throw new ScaffoldError(
        `there is no ${file} in ${folder}${there.length === 0 ? '' : `, but ${there.join(', ')}`}`,
      );
    }
    return [name, `file:${relative(directory, join(folder, file)).replaceAll(sep, '/')}`];
  });
  const manifest = files.find(({ path }) => path === 'package.json');
  if (!manifest) throw new ScaffoldError('the template has no package.json that could name the packages');
  const json = JSON.parse(manifest.content.toString()) as Record<string, Record<string, string>>;
  for (const [name, place] of tarballs) {
    const inDev = json['devDependencies']?.[name] !== undefined;
    // All of them at the root, so that their dependencies on each other are resolved there, too.
    json[inDev ? 'devDependencies' : 'dependencies'] = {
      ...json[inDev ? 'devDependencies' : 'dependencies'],
      [name]: place,
    };
  }
  const content = Buffer.from(`${JSON.stringify(json, null, 2)}\n`);
  return files.map((file) => (file === manifest ? { ...file, content } : file));
}
