import { z } from 'zod';
import { follow, type Live, type Source } from './live.js';

/** Whether a change in the file takes effect at once or at the next start. */
export type Reload = 'live' | 'restart';

/** What is known besides the file, and decides some defaults. */
export interface Surroundings {
  /** Whether the process runs in a pod (`identity.inKubernetes`). */
  readonly inKubernetes: boolean;
  /** Whether anything takes spans. */
  readonly exporterConfigured: boolean;
  /** Default: the file's ports. */
  readonly ports?: PortOverrides | undefined;
}

/** Ports that win over the configuration, for tests above all: 0 is any free port. */
export interface PortOverrides {
  readonly grpc?: number;
  readonly http?: number;
  readonly admin?: number;
}

/** A default that the surroundings decide, with the words that the documents have for it. */
export interface Otherwise<D> {
  readonly text: string;
  of(surroundings: Surroundings): D;
}

/** What is counted by a key that is a number of things. */
export type CountUnit = 'calls' | 'connections' | 'fields' | 'frames' | 'messages' | 'resets';

/** What is written down of every configuration key, besides its type and default. */
export interface KeyDocs<R extends Reload> {
  /** What the key does, for a person and for an editor's tooltip. */
  readonly description: string;
  /** The unit of a number, as the file has it. */
  readonly unit?: 'seconds' | 'bytes' | 'characters' | 'lines' | 'port' | CountUnit;
  readonly reload: R;
}

/**
 * A key or section as it is declared: what may be written, what the code calls it (`undefined`: it only goes into
 * something that its section makes), and how the one becomes the other.
 *
 * @typeParam Now what holds at one moment
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

/** What `read` of a key is given: what the file says, or else what the surroundings say. */
type Given<S extends z.ZodType, D> =
  undefined extends z.output<S> ? Exclude<z.output<S>, undefined> | D : z.output<S>;

/** A key that the code has in another form than the file, its unit above all. */
export interface ReadKeyDocs<S extends z.ZodType, R extends Reload, D, T> extends KeyDocs<R> {
  /** For an optional schema. Default: `undefined`. The text is added to the description. */
  readonly otherwise?: Otherwise<D>;
  readonly read: (said: Given<S, D>, surroundings: Surroundings) => T;
}

/** Declares a key. `name` is what the code calls it, with its unit: `drainTimeoutMs`. A fixed default is the schema's. */
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
      // Without `read`, T is what was given.
      return read ? read(value, surroundings) : (value as T);
    },
    hold: (source) => (reload === 'live' ? follow(source) : source.now()) as R extends 'live' ? Live<T> : T,
  };
}

/** Declares a key that has no name of its own in the code, since its section makes something of it and others. */
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

/** A default that is a value, where the schema cannot have it: whether the key was written is looked at. */
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

/** Attaches documentation; it comes out again in `z.toJSONSchema` and through `schema.meta()`. */
export function documented<S extends z.ZodType>(schema: S, docs: KeyDocs<Reload>): S {
  return schema.meta({ ...docs });
}
