import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { LoadConfigOptions } from './load-options.js';
import type { LoadedConfig } from './loaded-config.js';
import { configLayers } from '../files/config-layers.js';
import { sameStamps, stampFiles, type FileStamps } from './file-stamps.js';
import { loadOnce, type LoadOutcome } from './load-once.js';

/** The combined output of several schemas. */
export type Outputs<S extends readonly StandardSchemaV1[]> =
  UnionToIntersection<StandardSchemaV1.InferOutput<S[number]>> extends infer T
    ? { [K in keyof T]: T[K] }
    : never;

/**
 * Loads the configuration of a service: paths, read, merge with origin, validate. Needs no Nest.
 *
 * @throws {ConfigError} with everything that is wrong, each with its place.
 * @throws {TypeError} when a name cannot be a directory name.
 */
export function loadConfig<const S extends readonly StandardSchemaV1[]>(
  options: LoadConfigOptions & { schemas: S },
): Promise<LoadedConfig<Outputs<S>>>;
export function loadConfig<T = Record<string, unknown>>(options: LoadConfigOptions): Promise<LoadedConfig<T>>;
export async function loadConfig(options: LoadConfigOptions): Promise<LoadedConfig<unknown>> {
  const { loaded, error } = await loadConsistent(options);
  if (error) throw error;
  return loaded;
}

/** What was loaded, and the stamps of all its files. */
export type ConsistentOutcome = LoadOutcome & { readonly stamps: FileStamps };

/**
 * Loads from files that stand still while they are read, so that no two of them are of different times: a ConfigMap
 * that is swapped between the reading of two files would otherwise give a set that nobody ever wrote.
 *
 * @param expected stamps to read at; when the files have moved on, the outcome carries other ones
 */
export async function loadConsistent(
  options: LoadConfigOptions,
  expected?: FileStamps,
): Promise<ConsistentOutcome> {
  let before = expected ?? (await stampFiles(configLayers(options, options.env).map((layer) => layer.file)));
  for (let attempt = 1; ; attempt++) {
    const outcome = await loadOnce(options);
    const stamps = await stampFiles(outcome.files);
    // Which files `!file` names is known only now, so such a tree is read twice at the start.
    if (sameStamps(stamps, before) || expected !== undefined || attempt === MAX_ATTEMPTS)
      return { ...outcome, stamps };
    before = stamps;
  }
}

/** A file that is written to without a pause cannot be waited for at the start; the watcher takes it from there. */
const MAX_ATTEMPTS = 10;

type UnionToIntersection<U> = (U extends unknown ? (each: U) => void : never) extends (all: infer I) => void
  ? I
  : never;
