import type { Path, PathValue } from '@nestjs/config';
import type { ConfigProblem } from './config-error.js';
import type { ConfigPath } from './config-path.js';
import type { LoadedConfig, LoadedLayer, Origin } from './loaded-config.js';

/**
 * The configuration of the application, by injection: `constructor(private config: Configuration<Settings>)`.
 * Read it when it is needed and do not keep parts of it: after a reload `value` is another, whole object.
 */
export class Configuration<T = Record<string, unknown>> {
  #current: LoadedConfig<T>;

  constructor(loaded: LoadedConfig<T>) {
    this.#current = loaded;
  }

  /** The validated value, frozen. */
  get value(): T {
    return this.#current.value;
  }

  /** What is allowed but most likely not meant. */
  get warnings(): readonly ConfigProblem[] {
    return this.#current.warnings;
  }

  /** The layers and whether each has a file. */
  get layers(): readonly LoadedLayer[] {
    return this.#current.layers;
  }

  /** The value at a path such as `'GRPCServer.Port'`; undefined when there is none. */
  get<P extends Path<T>>(path: P): PathValue<T, P>;
  get(path: ConfigPath): unknown;
  get(path: ConfigPath): unknown {
    return this.#current.get(path);
  }

  /** Where the value at a path comes from; undefined when there is no such value. */
  origin(path: ConfigPath): Origin | undefined {
    return this.#current.origin(path);
  }
}
