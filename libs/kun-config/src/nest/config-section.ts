import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec';
import type { Observable } from 'rxjs';
import { formatPath, parsePath, type ConfigPath } from '../config-path.js';
import type { Configuration, ValueChange } from '../live/configuration.js';
import type { Origin } from '../report/origin.js';
import { SECTION_VENDOR } from '../schema/schema-view.js';

/** One section of the configuration, by injection. */
export interface Section<T> {
  /** The section's value as it is now, frozen. */
  readonly value: T;
  /** What becomes of the section, or of a key in it, from the next change on. */
  changes(): Observable<ValueChange<T>>;
  changes(path: ConfigPath): Observable<ValueChange<unknown>>;
  /** Where the value of a key in it comes from. */
  origin(path: ConfigPath): Origin | undefined;
}

/** The class of a section: what is injected, and a Standard Schema of its one top-level key. */
export interface SectionClass<K extends string, S extends StandardSchemaV1> {
  new (configuration: Configuration<unknown>): Section<StandardSchemaV1.InferOutput<S>>;
  readonly key: K;
  readonly '~standard': StandardSchemaV1.Props<
    Partial<Record<K, unknown>>,
    Record<K, StandardSchemaV1.InferOutput<S>>
  >;
}

/**
 * Makes the class of a section, to be extended by a name of its own and handed to `KunConfigModule.forFeature`:
 *
 * ```ts
 * export class MailConfig extends ConfigSection('Mail', z.object({ Host: z.string() })) {}
 * ```
 *
 * A section that no file has is read like an empty one, so that defaults within it need no default around them.
 */
export function ConfigSection<const K extends string, S extends StandardSchemaV1>(
  key: K,
  schema: S,
): SectionClass<K, S> {
  const standard = sectionStandard(key, schema);
  return class implements Section<StandardSchemaV1.InferOutput<S>> {
    static readonly key = key;
    static readonly '~standard' = standard;
    readonly #configuration: Configuration<unknown>;

    constructor(configuration: Configuration<unknown>) {
      this.#configuration = configuration;
    }

    get value(): StandardSchemaV1.InferOutput<S> {
      return this.#configuration.get([key]);
    }

    changes(path: ConfigPath = []): Observable<ValueChange<StandardSchemaV1.InferOutput<S>>> {
      return this.#configuration.changes([key, ...parsePath(path)]);
    }

    origin(path: ConfigPath): Origin | undefined {
      return this.#configuration.origin([key, ...parsePath(path)]);
    }

    get [Symbol.toStringTag](): string {
      return `ConfigSection ${formatPath([key])}`;
    }
  };
}

type SectionStandard<K extends string, T> = StandardSchemaV1.Props<
  Partial<Record<K, unknown>>,
  Record<K, T>
> &
  StandardJSONSchemaV1.Props<Partial<Record<K, unknown>>, Record<K, T>>;

function sectionStandard<K extends string, S extends StandardSchemaV1>(
  key: K,
  schema: S,
): SectionStandard<K, StandardSchemaV1.InferOutput<S>> {
  const inner: StandardSchemaV1.Props & Partial<StandardJSONSchemaV1.Props> = schema['~standard'];
  const wrap = (direction: 'input' | 'output') => (options: StandardJSONSchemaV1.Options) => {
    const { $defs, $schema: _, ...json } = inner.jsonSchema?.[direction](options) ?? {};
    return {
      type: 'object',
      properties: { [key]: json },
      additionalProperties: false,
      ...($defs ? { $defs } : {}),
    };
  };
  return {
    version: 1,
    vendor: SECTION_VENDOR,
    validate: async (input) => {
      const section: unknown =
        typeof input === 'object' && input !== null ? Reflect.get(input, key) : undefined;
      let result = await inner.validate(section);
      if (result.issues && section === undefined) result = await inner.validate({});
      if (!result.issues) {
        // a record of the one key
        return { value: { [key]: result.value } as Record<K, StandardSchemaV1.InferOutput<S>> };
      }
      return { issues: result.issues.map((issue) => ({ ...issue, path: [key, ...(issue.path ?? [])] })) };
    },
    jsonSchema: { input: wrap('input'), output: wrap('output') },
  };
}
