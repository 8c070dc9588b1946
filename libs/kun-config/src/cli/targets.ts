import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FILE_NAME } from '../files/config-layers.js';
import { isNearMiss } from '../load/near-misses.js';
import { loadConfig } from '../load/load-config.js';
import type { CommandOptions, Terminal } from './command.js';

/** A service, one of its clusters, or one instance of those. */
export interface Target {
  readonly service: string;
  readonly cluster?: string;
  readonly instance?: string;
  /** Whether there are more specific targets, which may set what this one lacks. */
  readonly partial: boolean;
}

/** Every service, cluster and instance that has a file below `{base}/conf`. */
export async function findTargets(base: string): Promise<Target[]> {
  const root = join(base, 'conf');
  const targets: Target[] = [];
  for (const service of await directories(root)) {
    const inner: Target[] = [];
    for (const cluster of await directories(join(root, service))) {
      const instances = await directories(join(root, service, cluster));
      const used = await filter(instances, (instance) => hasFile(join(root, service, cluster, instance)));
      if (used.length === 0 && !(await hasFile(join(root, service, cluster)))) continue;
      inner.push({ service, cluster, partial: false });
      inner.push(...used.map((instance) => ({ service, cluster, instance, partial: false })));
    }
    if (inner.length === 0 && !(await hasFile(join(root, service)))) continue;
    targets.push({ service, partial: inner.length > 0 }, ...inner);
  }
  return targets;
}

/** Files that no service would read, though their names look as if they were meant to be; each in one sentence. */
export async function findStrays(base: string): Promise<string[]> {
  let folders = [join(base, 'conf')];
  const strays: string[] = [];
  for (let depth = 0; depth < 4; depth++) {
    const inner: string[] = [];
    for (const folder of folders) {
      const names = await readdir(folder).catch((): string[] => []);
      const found = names.includes(FILE_NAME);
      for (const name of names.filter((each) => isNearMiss(each, found)))
        strays.push(`${join(folder, name)} is not read; the file of this layer is called ${FILE_NAME}`);
      inner.push(...(await directories(folder)).map((name) => join(folder, name)));
    }
    folders = inner;
  }
  return strays;
}

/** `echo/local/dev-1`. */
export function nameTarget({ service, cluster, instance }: Omit<Target, 'partial'>): string {
  return [service, cluster, instance].filter((part) => part !== undefined).join('/');
}

async function directories(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  // A mounted ConfigMap holds its versions in directories whose names start with dots.
  const names = entries
    .filter((entry) => !entry.name.startsWith('.') && !entry.isFile())
    .map(({ name }) => name);
  return names.toSorted();
}

async function hasFile(path: string): Promise<boolean> {
  const names = await readdir(path).catch((): string[] => []);
  return names.includes(FILE_NAME);
}

async function filter(names: readonly string[], keep: (name: string) => Promise<boolean>): Promise<string[]> {
  const kept = await Promise.all(names.map(keep));
  return names.filter((_, index) => kept[index]);
}

/**
 * Loads what a service, or one of its clusters or instances, would start with.
 *
 * @throws {ConfigError} with every problem of it.
 */
export function loadTarget(
  { service, cluster, instance }: Pick<Target, 'service'> & Pick<CommandOptions, 'cluster' | 'instance'>,
  { base, schemas, strict }: CommandOptions,
  { env }: Terminal,
): ReturnType<typeof loadConfig> {
  const external = strict ? 'required' : 'tolerated';
  return loadConfig({ base, service, cluster, instance, schemas, env, external });
}
