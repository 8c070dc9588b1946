import { lstat, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { FILE_NAME, type ConfigLayer } from '../files/config-layers.js';
import { errorCode } from '../plain-object.js';
import { nearest } from '../nearest.js';

/**
 * What lies where a layer's file would be and is not read because of its name: `public.yml`, `Public.yaml`,
 * `public.yaml.bak`, a directory `Echo` in place of `echo`, a file `echo.yaml`. A configuration that is silently
 * ignored costs a night.
 *
 * @param found whether the layer has its file; then backups beside it are nothing special
 */
export async function findNearMisses({ file, base }: ConfigLayer, found: boolean): Promise<string[]> {
  const folder = dirname(file);
  const missed = (await entriesOf(folder))
    .filter((name) => name !== FILE_NAME && isNearMiss(name, found))
    .map((name) => `${join(folder, name)} is not read; the file of this layer is called ${FILE_NAME}`);
  if (found || folder === join(base, 'conf')) return missed;
  const name = basename(folder);
  const around = dirname(folder);
  const beside = await entriesOf(around);
  return [
    ...missed,
    ...beside
      .filter((each) => each !== name && each.toLowerCase() === name.toLowerCase())
      .map((each) => `${join(around, each)} is not read; the directory of this layer is called ${name}`),
    ...beside
      .filter((each) => [`${name}.yaml`, `${name}.yml`, `${name}.json`].includes(each.toLowerCase()))
      .map((each) => `${join(around, each)} is not read; the file of this layer is ${join(name, FILE_NAME)}`),
  ];
}

/** Whether a file's name looks as if a layer's file was meant. */
export function isNearMiss(name: string, found = false): boolean {
  if (name === FILE_NAME) return false;
  // Left by editors and deployments beside an existing file.
  if (/(~|\.(bak|old|orig|save|tmp|swp|swo|rej|example|sample|dist))$|^[.#]/i.test(name)) {
    return !found && /^[.#]*public\.ya?ml/i.test(name);
  }
  if (/^public\.(ya?ml|json|toml)(\.[a-z]+)?$/i.test(name)) return true;
  return /\.ya?ml$/i.test(name) && nearest(name, [FILE_NAME, 'public.yml']) !== undefined;
}

/** Whether there is a link of this name, wherever it points. */
export async function isDangling(file: string): Promise<boolean> {
  try {
    return (await lstat(file)).isSymbolicLink();
  } catch {
    return false;
  }
}

async function entriesOf(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).toSorted();
  } catch (error) {
    // A directory that cannot be read has nothing to name.
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM'].includes(errorCode(error))) return [];
    throw error;
  }
}
