import type { Path, PathValue } from '@nestjs/config';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { filter, map, Subject, type Observable } from 'rxjs';
import { findChanges, sameValue } from './config-change.js';
import type { ConfigError, ConfigProblem } from '../report/config-error.js';
import { formatPath, parsePath, valueAt, type ConfigPath } from '../config-path.js';
import { isRecord } from '../plain-object.js';
import { loadConsistent, type ConsistentOutcome } from '../load/load-config.js';
import type { LoadedConfig } from '../load/loaded-config.js';
import type { LoadedLayer, Origin } from '../report/origin.js';
import type { ConfigStatus, ReloadEvent } from './reload-event.js';

/** A key with its new and its previous value. */
export interface ValueChange<V> {
  readonly path: string;
  readonly previous: V | undefined;
  readonly current: V | undefined;
}

/**
 * The configuration of the application, by injection: `constructor(private config: Configuration<Settings>)`.
 * Read it when it is needed and do not keep parts of it: after a reload `value` is another, whole object. Two keys
 * that are read in one go from the same `value` always belong together.
 */
export class Configuration<T = Record<string, unknown>> {
  /** What the process started with. */
  #started: unknown;
  #current: LoadedConfig<T>;
  readonly #events = new Subject<ReloadEvent<T>>();
  #status: Omit<ConfigStatus, 'hash' | 'needRestart'>;
  /** Loads run one after another, each starting from the result of the one before. */
  #loading: Promise<unknown> = Promise.resolve();

  constructor(loaded: LoadedConfig<T>) {
    this.#started = loaded.value;
    this.#current = loaded;
    this.#status = {
      loadedAt: new Date(),
      lastReloadSuccessful: true,
      lastReloadAt: undefined,
      reloads: 0,
      failures: 0,
      error: undefined,
    };
  }

  /** The validated value, frozen. */
  get value(): T {
    return this.#current.value;
  }

  /** The configuration in use, with everything known about it. */
  get loaded(): LoadedConfig<T> {
    return this.#current;
  }

  /** What is allowed but probably unintended. */
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

  /**
   * Emits each later change of a key or a section. By then `value`, `get` and `ConfigService` have the new values of
   * this key and of all others. As with any Observable, what a subscriber throws is
   * an uncaught exception; a method under `@OnConfigChange` is logged instead.
   */
  changes<P extends Path<T>>(path: P): Observable<ValueChange<PathValue<T, P>>>;
  changes(path: ConfigPath): Observable<ValueChange<unknown>>;
  changes(path: ConfigPath): Observable<ValueChange<unknown>> {
    const keys = parsePath(path);
    return this.#events.pipe(
      filter((event) => event.ok),
      map(({ previous, config }) => ({
        path: formatPath(keys),
        previous: valueAt(previous.value, keys),
        current: valueAt(config.value, keys),
      })),
      filter(({ previous, current }) => !sameValue(previous, current)),
    );
  }

  /** Emits each reload, whether accepted or refused; completes when the application ends. */
  get reloads(): Observable<ReloadEvent<T>> {
    return this.#events.asObservable();
  }

  /** The state of reloading, for metrics and health checks. */
  get status(): ConfigStatus {
    const changed = findChanges(this.#started, this.value);
    return {
      ...this.#status,
      hash: this.#current.hash,
      needRestart: changed
        .filter(({ keys }) => this.#current.effect(keys) === 'restart')
        .map(({ path }) => path),
    };
  }

  /**
   * Reads the files now and uses them if they are good; undefined when they say what they said before. Does not throw
   * for bad configuration: what is wrong is in the event.
   */
  async reload(): Promise<ReloadEvent<T> | undefined> {
    return this.#inTurn(async () => this.adopt(await loadConsistent(this.#current.parts.options)));
  }

  /**
   * Lets further schemas take part, as those of a module that is loaded later; their keys are validated with all
   * others from now on. Schemas that take part already change nothing.
   *
   * @throws {ConfigError} when the files do not fit them; nothing changes then.
   */
  async include(schemas: readonly StandardSchemaV1[]): Promise<void> {
    await this.#inTurn(async () => {
      const { options } = this.#current.parts;
      const missing = schemas.filter((schema) => !options.schemas?.includes(schema));
      if (missing.length === 0) return;
      const outcome = await loadConsistent({ ...options, schemas: [...(options.schemas ?? []), ...missing] });
      if (outcome.error) throw outcome.error;
      // Values that new schemas add are not changes since the start.
      if (isRecord(this.#started) && isRecord(outcome.loaded.value))
        this.#started = { ...outcome.loaded.value, ...this.#started };
      this.adopt(outcome);
    });
  }

  #inTurn<R>(load: () => Promise<R>): Promise<R> {
    const loaded = this.#loading.then(load);
    this.#loading = loaded.catch(() => undefined);
    return loaded;
  }

  /**
   * Accepts what was loaded, or records why it cannot be used. Emits an event unless nothing changed.
   *
   * @internal for the watcher
   */
  adopt(outcome: ConsistentOutcome): ReloadEvent<T> | undefined {
    const recovered = this.#status.error !== undefined;
    const event = outcome.error ? this.#fail(outcome.error) : this.#swap(outcome.loaded);
    if (event.ok && event.changes.length === 0 && !recovered) return undefined;
    this.#events.next(event);
    return event;
  }

  /** @internal completes: nothing changes after this */
  close(): void {
    this.#events.complete();
  }

  #swap(loaded: LoadedConfig<unknown>): ReloadEvent<T> {
    // the same schemas gave it as gave the first
    const config = loaded as LoadedConfig<T>;
    const previous = this.#current;
    const changes = findChanges(previous.value, config.value);
    const now = new Date();
    this.#current = config;
    this.#status = {
      ...this.#status,
      lastReloadSuccessful: true,
      lastReloadAt: now,
      error: undefined,
      ...(changes.length === 0 ? {} : { loadedAt: now, reloads: this.#status.reloads + 1 }),
    };
    const needRestart = changes.filter(({ keys }) => config.effect(keys) === 'restart');
    return { ok: true, config, previous, changes, needRestart };
  }

  #fail(error: ConfigError): ReloadEvent<T> {
    const failures = this.#status.failures + 1;
    this.#status = {
      ...this.#status,
      lastReloadSuccessful: false,
      lastReloadAt: new Date(),
      failures,
      error,
    };
    return { ok: false, error };
  }
}
