import { z } from 'zod';
import type { Declared, Key, Reload, Surroundings } from './declare.js';
import { follow, type Live, type Source } from './live.js';

/** The declarations of a section, by their names in the file. */
export type Declarations = Readonly<Record<string, Declared>>;

/** The schemas of declarations. */
export type Schemas<K extends Declarations> = { [P in keyof K]: K[P]['schema'] };

/** A validated section of the file: in its own names and units, with fixed defaults. */
export type Said<K extends Declarations> = z.output<z.ZodObject<Schemas<K>, z.core.$strict>>;

/** The part of it that may be read once: without live keys, including those of nested sections. */
export type FixedSaid<K extends Declarations> = {
  readonly [P in keyof K as K[P] extends { readonly reload: 'live' } ? never : P]: K[P] extends {
    readonly keys: infer Inner extends Declarations;
  }
    ? FixedSaid<Inner> | Extract<z.output<K[P]['schema']>, undefined>
    : z.output<K[P]['schema']>;
};

type NameOf<D extends Declared> = D['name'] & string;
type NowOf<K extends Declarations> = {
  readonly [P in keyof K as NameOf<K[P]>]: ReturnType<K[P]['read']>;
};
type HeldOf<K extends Declarations> = {
  readonly [P in keyof K as NameOf<K[P]>]: ReturnType<K[P]['hold']>;
};

/** How each derived setting is computed from the file's values. */
type Makers<S, M> = {
  readonly [P in keyof M]: (said: S, surroundings: Surroundings) => M[P];
};
type Make<S> = Makers<S, Record<string, unknown>>[string];
type Simple<T> = { readonly [P in keyof T]: T[P] };

/** Settings that a section derives from several keys, by their names in the code. */
export interface MadeOf<K extends Declarations, F, L> {
  /** Fixed at the start, and derived only from fixed keys. */
  readonly fixed?: Makers<FixedSaid<K>, F>;
  /** Live: as soon as one of the keys is live. */
  readonly live?: Makers<Said<K>, L>;
}

/** A section: what may be written in it, and what the code gets. */
export interface Section<
  K extends Declarations,
  N extends string | undefined,
  F = object,
  L = object,
> extends Declared<
  z.ZodPrefault<z.ZodObject<Schemas<K>, z.core.$strict>>,
  N,
  Simple<NowOf<K> & F & L>,
  Simple<HeldOf<K> & F & { readonly [P in keyof L]: Live<L[P]> }>
> {
  readonly keys: K;
  /** The schema of a section that is present. */
  readonly object: z.ZodObject<Schemas<K>, z.core.$strict>;
}

/**
 * Declares a section; a file without it is read as if it were present and empty.
 *
 * @param name its name in the code; `undefined` if the enclosing section derives something from it
 */
export function section<const N extends string | undefined, K extends Declarations, F = object, L = object>(
  name: N,
  keys: K,
  made: MadeOf<K, F, L> = {},
): Section<K, N, F, L> {
  const object = strictObject(keys);
  const children = Object.entries(keys).flatMap(([written, { name: called, ...declared }]) =>
    called === undefined ? [] : [{ ...declared, written, called }],
  );
  const makers = Object.entries<Make<Said<K>>>({ ...made.fixed, ...made.live });
  const read = (said: Said<K>, surroundings: Surroundings): Readonly<Record<string, unknown>> => ({
    ...Object.fromEntries(
      children.map((child) => [child.called, child.read(Reflect.get(said, child.written), surroundings)]),
    ),
    ...Object.fromEntries(makers.map(([called, make]) => [called, make(said, surroundings)])),
  });
  const hold = (source: Source<object>): Readonly<Record<string, unknown>> => ({
    ...Object.fromEntries(children.map((child) => [child.called, child.hold(at(source, child.called))])),
    ...Object.fromEntries(Object.keys(made.fixed ?? {}).map((called) => [called, at(source, called).now()])),
    ...Object.fromEntries(Object.keys(made.live ?? {}).map((called) => [called, follow(at(source, called))])),
  });
  // The types follow the same rules, name by name.
  const schema = object.prefault({} as never);
  return { name, keys, object, schema, read, hold } as unknown as Section<K, N, F, L>;
}

/** A section whose presence has a meaning: `undefined` when absent. It is entirely live or entirely fixed. */
export interface OptionalSection<
  K extends Declarations,
  N extends string | undefined,
  F,
  R extends Reload,
> extends Declared<
  z.ZodOptional<z.ZodObject<Schemas<K>, z.core.$strict>>,
  N,
  Simple<NowOf<K> & F> | undefined,
  R extends 'live' ? Live<Simple<NowOf<K> & F> | undefined> : Simple<NowOf<K> & F> | undefined
> {
  readonly keys: K;
  readonly reload: R;
  readonly object: z.ZodObject<Schemas<K>, z.core.$strict>;
  /** Reads the section when it is present. */
  readPresent(said: Said<K>, surroundings: Surroundings): Simple<NowOf<K> & F>;
}

/** Declares a section that may be absent. All its keys have the same `reload`. */
export function optionalSection<
  const N extends string | undefined,
  const R extends Reload,
  K extends Readonly<Record<string, Key<z.ZodType, string | undefined, unknown, R>>>,
  F = object,
>(name: N, reload: R, keys: K, made?: Makers<Said<K>, F>): OptionalSection<K, N, F, R> {
  // It is live or fixed as a whole, so derived settings may read all of it.
  const present = section(name, keys, { ...(made && { fixed: made as Makers<FixedSaid<K>, F> }) });
  const readPresent = (said: Said<K>, surroundings: Surroundings) =>
    present.read(said as never, surroundings);
  const read = (said: Said<K> | undefined, surroundings: Surroundings) =>
    said === undefined ? undefined : readPresent(said, surroundings);
  const hold = (source: Source<unknown>) => (reload === 'live' ? follow(source) : source.now());
  const { object } = present;
  const schema = object.optional();
  return { name, reload, keys, object, schema, read, readPresent, hold } as unknown as OptionalSection<
    K,
    N,
    F,
    R
  >;
}

/** The schemas of declarations, for use in a section of another shape. */
export function schemasOf<K extends Declarations>(keys: K): Schemas<K> {
  const entries = Object.entries(keys).map(([name, { schema }]) => [name, schema]);
  return Object.fromEntries(entries) as Schemas<K>;
}

function strictObject<K extends Declarations>(keys: K): z.ZodObject<Schemas<K>, z.core.$strict> {
  return z.strictObject(schemasOf(keys)) as z.ZodObject<Schemas<K>, z.core.$strict>;
}

function at(source: Source<object>, name: string): Source<unknown> {
  return { now: () => Reflect.get(source.now(), name), onChange: (listener) => source.onChange(listener) };
}
