import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { LoadConfigOptions } from './load-options.js';
import { loadConsistent } from './load-consistent.js';
import type { LoadedConfig } from './loaded-config.js';

/** What several schemas give together. */
export type Outputs<S extends readonly StandardSchemaV1[]> =
  UnionToIntersection<StandardSchemaV1.InferOutput<S[number]>> extends infer T
    ? { [K in keyof T]: T[K] }
    : never;

/**
 * Loads the configuration of a service: paths, read, merge with origin, validate. Needs no Nest.
 *
 * @throws ConfigError with everything that is wrong, each with its place
 * @throws TypeError when a name cannot be a directory name
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

type UnionToIntersection<U> = (U extends unknown ? (each: U) => void : never) extends (all: infer I) => void
  ? I
  : never;
