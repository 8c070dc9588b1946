import { z } from 'zod';
import { follow, type Live, type Source } from './live.js';

/** Whether a change of the file takes effect immediately or on restart. */
export type Reload = 'live' | 'restart';

/** Facts outside the file that determine some defaults. */
export interface Surroundings {
  /** Whether the process runs in a pod (`identity.inKubernetes`). */
  readonly inKubernetes: boolean;
  /** Whether a span exporter is configured. */
  readonly exporterConfigured: boolean;
  /** Default: the ports of the file */
  readonly ports?: PortOverrides | undefined;
}

/** Ports that override the configuration, mainly for tests: 0 picks any free port. */
export interface PortOverrides {
  readonly grpc?: number;
  readonly http?: number;
  readonly admin?: number;
}

/** A default that depends on the surroundings, with its text for the docs. */
export interface Otherwise<D> {
  readonly text: string;
  of(surroundings: Surroundings): D;
}

/** What a key counts, if it is a number of things. */
export type CountUnit = 'calls' | 'connections' | 'fields' | 'frames' | 'messages' | 'resets';

/** Documentation of every configuration key, in addition to its type and default. */
export interface KeyDocs<R extends Reload> {
  /** What the key does; also shown as a tooltip in editors. */
  readonly description: string;
  /** The unit of a number in the file. */
  readonly unit?: 'seconds' | 'bytes' | 'characters' | 'lines' | 'port' | CountUnit;
  readonly reload: R;
}

/**
 * A declared key or section: what may be written, its name in the code (`undefined`: it is only an input of its
 * section), and the conversion between the two.
 *
 * @typeParam Now the value at one moment
 * @typeParam Held what may be kept: the value itself, or a {@link Live} one
 */
export interface Declared<
  S extends z.ZodType = z.ZodType,
  N extends string | undefined = string | undefined,
  Now = unknown,
  Held = unknown,
> {
  readonly schema: S;
  readonly name: N;
  read(said: z.output<S>, surroundings: Surroundings): Now;
  hold(source: Source<Now>): Held;
}

/** A single key. */
export interface Key<S extends z.ZodType, N extends string | undefined, T, R extends Reload> extends Declared<
  S,
  N,
  T,
  R extends 'live' ? Live<T> : T
> {
  readonly reload: R;
}

/** What `read` of a key receives: the file's value, else the default from the surroundings. */
type Given<S extends z.ZodType, D> =
  undefined extends z.output<S> ? Exclude<z.output<S>, undefined> | D : z.output<S>;

/** A key whose form in the code differs from the file, e.g. in its unit. */
export interface ReadKeyDocs<S extends z.ZodType, R extends Reload, D, T> extends KeyDocs<R> {
  /** For an optional schema. Default: `undefined`. The text is appended to the description. */
  readonly otherwise?: Otherwise<D>;
  readonly read: (said: Given<S, D>, surroundings: Surroundings) => T;
}

/**
 * Declares a key. `name` is its name in the code, with the unit: `drainTimeoutMs`. A fixed default belongs to the
 * schema.
 */
export function key<const N extends string, S extends z.ZodType, const R extends Reload, T, D = undefined>(
  name: N,
  schema: S,
  options: ReadKeyDocs<S, R, D, T>,
): Key<S, N, T, R>;
export function key<const N extends string, S extends z.ZodType, const R extends Reload, D>(
  name: N,
  schema: S,
  options: KeyDocs<R> & { readonly otherwise: Otherwise<D> },
): Key<S, N, Given<S, D>, R>;
export function key<const N extends string, S extends z.ZodType, const R extends Reload>(
  name: N,
  schema: S,
  options: KeyDocs<R>,
): Key<S, N, z.output<S>, R>;
export function key<N extends string, S extends z.ZodType, R extends Reload, D, T>(
  name: N,
  schema: S,
  options: KeyDocs<R> & Partial<ReadKeyDocs<S, R, D, T>>,
): Key<S, N, T, R> {
  const { otherwise, read, reload, unit, description } = options;
  const given = (said: z.output<S>, surroundings: Surroundings) =>
    (said === undefined ? otherwise?.of(surroundings) : said) as Given<S, D>;
  return {
    name,
    reload,
    schema: documented(schema, {
      description: otherwise ? `${description}. Default: ${otherwise.text}` : description,
      ...(unit && { unit }),
      reload,
    }),
    read: (said, surroundings) => {
      const value = given(said, surroundings);
      // Without `read`, T is the type of the given value.
      return read ? read(value, surroundings) : (value as T);
    },
    hold: (source) => (reload === 'live' ? follow(source) : source.now()) as R extends 'live' ? Live<T> : T,
  };
}

/** Declares a key without a name of its own in the code, because its section combines it with others. */
export function part<S extends z.ZodType, const R extends Reload>(
  schema: S,
  docs: KeyDocs<R>,
): Key<S, undefined, undefined, R> {
  return {
    name: undefined,
    reload: docs.reload,
    schema: documented(schema, docs),
    read: () => undefined,
    hold: () => undefined,
  } as unknown as Key<S, undefined, undefined, R>;
}

/** A constant default that cannot be in the schema, because it matters whether the key was written. */
export function standard<D>(value: D): Otherwise<D> {
  return { text: String(value), of: () => value };
}

/** A default for pods and one for everywhere else. */
export function inKubernetes<A, B>(inside: A, outside: B, outsideText = String(outside)): Otherwise<A | B> {
  return {
    text: `${String(inside)} in Kubernetes, ${outsideText} outside`,
    of: (surroundings) => (surroundings.inKubernetes ? inside : outside),
  };
}

/** Attaches documentation, which appears in `z.toJSONSchema` and `schema.meta()`. */
export function documented<S extends z.ZodType>(schema: S, docs: KeyDocs<Reload>): S {
  return schema.meta({ ...docs });
}
