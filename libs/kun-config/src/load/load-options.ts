import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { LayerNames } from '../files/config-layers.js';
import type { ConfigPath } from '../config-path.js';

/** What to load, and how it is validated. */
export interface LoadConfigOptions extends LayerNames {
  /**
   * The schemas of the keys, from any library that speaks Standard Schema; each reads its own top-level keys and a
   * key of none is an error. Default none: everything is accepted.
   */
  readonly schemas?: readonly StandardSchemaV1[] | undefined;
  /** Values that override every file, for tests; default none. */
  readonly overrides?: Readonly<Record<string, unknown>> | undefined;
  /** Where `KUN_BASE` and `${NAME}` are looked up; default `process.env`. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Checks for what a schema cannot express: conflicting keys, keys without effect; default none. */
  readonly checks?: readonly ConfigCheck[] | undefined;
  /**
   * Whether an environment variable or a `!file` that is not there is an error (default) or, as wanted where a tree
   * is checked away from its target, only a warning that also silences the schema at that key.
   */
  readonly external?: 'required' | 'tolerated' | undefined;
}

/** A problem that a schema cannot express: conflicting keys, or a key that another one makes ineffective. */
export interface ConfigFinding {
  /** The key it is about, as in `'GRPCDial.WithProxyPort'`. */
  readonly path: ConfigPath;
  /** What is wrong and what to do, without a dot at the end; never with a value that may be secret. */
  readonly message: string;
  /** An error refuses the configuration; a warning is only reported. */
  readonly severity: 'error' | 'warning';
}

/** Checks the whole, validated configuration. */
export type ConfigCheck<T = never> = (value: T) => Iterable<ConfigFinding>;
