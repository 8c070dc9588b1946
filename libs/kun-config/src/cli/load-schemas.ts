import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { isRecord } from '../plain-object.js';
import { UsageError } from './command.js';

/**
 * Imports the schemas that `--schema` names: a path or a package, and after `#` the name of an export. Without a name
 * it is the export `default`, `schemas` or `schema`, each a schema or a list of them.
 *
 * @throws {UsageError} when there is no such module or no schema in it.
 */
export async function loadSchemas(names: readonly string[], cwd: string): Promise<StandardSchemaV1[]> {
  const lists = await Promise.all(names.map(async (name) => loadSchema(name, cwd)));
  return lists.flat();
}

/**
 * Imports the schemas that the application's `package.json` names in one line, the nearest one at or above one of the
 * directories: `"kun-config": ["@kun/core#settingsSchema", "./dist/shop.config.js"]`. None when no file has it.
 *
 * @throws {UsageError} when it cannot be loaded.
 */
export async function findSchemas(directories: readonly string[]): Promise<StandardSchemaV1[]> {
  for (const start of directories) {
    for (let at = resolve(start); ; at = dirname(at)) {
      const names = await namedIn(join(at, 'package.json'));
      if (names) return loadSchemas(names, at);
      if (dirname(at) === at) break;
    }
  }
  return [];
}

async function namedIn(file: string): Promise<string[] | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '{}');
  let manifest: unknown;
  try {
    manifest = JSON.parse(text);
  } catch {
    throw new UsageError(`${file} is not JSON`);
  }
  const named = isRecord(manifest) ? manifest['kun-config'] : undefined;
  if (named === undefined) return undefined;
  const names: unknown[] = [named].flat();
  if (names.length > 0 && names.every((name) => typeof name === 'string')) return names;
  throw new UsageError(`"kun-config" in ${file} must be a list of modules, as --schema takes them`);
}

async function loadSchema(name: string, cwd: string): Promise<StandardSchemaV1[]> {
  const [path = '', exported] = name.split('#');
  const module = await importFrom(path, cwd);
  for (const key of exported === undefined ? ['default', 'schemas', 'schema'] : [exported]) {
    const found = [module[key]].flat();
    if (found.length > 0 && found.every(isSchema)) return found;
  }
  const others = Object.keys(module).filter((key) => isSchema(module[key]));
  const hint =
    others.length === 0
      ? 'it exports none'
      : `name one of its exports: ${others.map((key) => `${path}#${key}`).join(', ')}`;
  throw new UsageError(`${name} is not a schema; ${hint}`);
}

async function importFrom(path: string, cwd: string): Promise<Record<string, unknown>> {
  const isPath = /^\.{0,2}\//.test(path) || /\.[cm]?[jt]s$/.test(path);
  try {
    const file = isPath ? resolve(cwd, path) : createRequire(join(cwd, 'from-here.js')).resolve(path);
    const module: unknown = await import(pathToFileURL(file).href);
    return isRecord(module) ? module : {};
  } catch (error) {
    const [reason] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw new UsageError(`${path} cannot be imported: ${reason}`);
  }
}

function isSchema(value: unknown): value is StandardSchemaV1 {
  // A section class is a schema, too.
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  const standard: unknown = Reflect.get(value, '~standard');
  return isRecord(standard) && typeof standard['validate'] === 'function';
}
