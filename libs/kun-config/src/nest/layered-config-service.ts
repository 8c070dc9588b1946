import { ConfigService, type ConfigChangeEvent } from '@nestjs/config';
import { concatMap, filter, type Observable } from 'rxjs';
import { valueAt, type ConfigPath } from '../config-path.js';
import type { Configuration } from '../live/configuration.js';
import { isRecord } from '../plain-object.js';

/**
 * `@nestjs/config`'s `ConfigService` over the layered files, so that code written for it sees the same values.
 * The environment is not looked at: a variable that happens to be named like a key cannot stand in for one that no
 * layer sets. What should come from the environment is written `${NAME}` in a file or set by `KUN_CONF__…`.
 * Paths are those of {@link Configuration}: the library's own would take a dot for part of a key at the top only.
 */
export class LayeredConfigService extends ConfigService {
  readonly #configuration: Configuration<unknown>;

  constructor(configuration: Configuration<unknown>) {
    super(view(configuration));
    this.#configuration = configuration;
    // The library's own module sets the first from outside in the same way; their types hide both.
    Object.assign(this, {
      skipProcessEnv: true,
      getFromInternalConfig: (path: ConfigPath | PropertyKey) =>
        valueAt(configuration.value, typeof path === 'string' || typeof path === 'object' ? path : [path]),
    });
  }

  /** Each key that changes in a reload, after all of them have changed. */
  override get changes$(): Observable<ConfigChangeEvent> {
    return this.#configuration.reloads.pipe(
      filter((event) => event.ok),
      concatMap(({ changes }) =>
        changes.map(({ path, previous, current }) => ({ path, oldValue: previous, newValue: current })),
      ),
    );
  }

  /** @throws {Error} when called: `ConfigService.set` would write to the environment of the whole process. */
  override set(propertyPath: PropertyKey): never {
    throw new Error(
      `${String(propertyPath)} cannot be set: the configuration is what its files say; ` +
        'change a file, or hand overrides to KunConfigModule.forRoot',
    );
  }
}

/** The current value behind a stable object, as the base class keeps the one that it is given. */
function view(configuration: Configuration<unknown>): Record<string, unknown> {
  const current = (): Record<PropertyKey, unknown> =>
    isRecord(configuration.value) ? configuration.value : {};
  return new Proxy<Record<string, unknown>>(
    {},
    {
      get: (_, key) => (Object.hasOwn(current(), key) ? Reflect.get(current(), key) : undefined),
      has: (_, key) => Object.hasOwn(current(), key),
      ownKeys: () => Reflect.ownKeys(current()),
      getOwnPropertyDescriptor: (_, key) => {
        if (!Object.hasOwn(current(), key)) return undefined;
        return { value: Reflect.get(current(), key), enumerable: true, configurable: true, writable: false };
      },
      set: () => false,
    },
  );
}
