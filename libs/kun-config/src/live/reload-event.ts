import type { ConfigChange } from './config-change.js';
import type { ConfigError } from '../report/config-error.js';
import type { LoadedConfig } from '../load/loaded-config.js';

/** The outcome of reading changed files. */
export type ReloadEvent<T> = ReloadSuccess<T> | ReloadFailure;

/** The new values are in use. */
export interface ReloadSuccess<T> {
  readonly ok: true;
  readonly config: LoadedConfig<T>;
  readonly previous: LoadedConfig<T>;
  /** Empty when the files are back to what they were before a failure. */
  readonly changes: readonly ConfigChange[];
  /** The changes that take effect only at the next start. */
  readonly needRestart: readonly ConfigChange[];
}

/** The new files are refused; the previous values stay in use. */
export interface ReloadFailure {
  readonly ok: false;
  readonly error: ConfigError;
}

/** The state of reloading, for metrics and health checks. */
export interface ConfigStatus {
  /** Same values, same hash: see the guide on what it covers. */
  readonly hash: string;
  /** When the values in use were loaded. */
  readonly loadedAt: Date;
  /** True until the files change into something that cannot be used. */
  readonly lastReloadSuccessful: boolean;
  /** When the files were last read again; undefined before the first time. */
  readonly lastReloadAt: Date | undefined;
  /** How often new values came into use. */
  readonly reloads: number;
  /** How often the files could not be used. */
  readonly failures: number;
  /** Why the files as they are now are not in use; undefined when they are. */
  readonly error: ConfigError | undefined;
  /** Keys that differ from what the process started with and take effect only at the next start. */
  readonly needRestart: readonly string[];
}
