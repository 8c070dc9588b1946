import { z } from 'zod';
import type { Declared, Key, Reload, Surroundings } from './declare.js';
import { follow, type Live, type Source } from './live.js';

/** What is declared in a section, by the file's names. */
export type Declarations = Readonly<Record<string, Declared>>;

/** The schemas of declarations. */
export type Schemas<K extends Declarations> = { [P in keyof K]: K[P]['schema'] };

/** What the file says of a section, once validated: in its own names and units, fixed defaults filled in. */
export type Said<K extends Declarations> = z.output<z.ZodObject<Schemas<K>, z.core.$strict>>;

/** The part of it that may be read once: without the keys that are live, in sections of the section, too. */
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

/** How each of what is made comes from what the file says. */
type Makers<S, M> = {
  readonly [P in keyof M]: (said: S, surroundings: Surroundings) => M[P];
};
type Make<S> = Makers<S, Record<string, unknown>>[string];
type Simple<T> = { readonly [P in keyof T]: T[P] };

/** What a section makes of several of its keys together, by the code's names. */
export interface MadeOf<K extends Declarations, F, L> {
  /** Fixed at the start, and so of keys that are. */
  readonly fixed?: Makers<FixedSaid<K>, F>;
  /** Followed while the service runs: as soon as one of the keys is live. */
  readonly live?: Makers<Said<K>, L>;
}

/** A section: what is written in it, and what the code has of it. */
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
  /** The schema of a section that is written. */
  readonly object: z.ZodObject<Schemas<K>, z.core.$strict>;
}

/**
 * Declares a section; a file without it is read as if it stood there empty.
 *
 * @param name what the code calls it; `undefined` where the section around it makes something of it
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

/** A section that says something by being there: `undefined` without it. All of it is live, or fixed at the start. */
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
  /** What the section is when it is there. */
  readPresent(said: Said<K>, surroundings: Surroundings): Simple<NowOf<K> & F>;
}

/** Declares a section that may be absent. Its keys are all of the one `reload`. */
export function optionalSection<
  const N extends string | undefined,
  const R extends Reload,
  K extends Readonly<Record<string, Key<z.ZodType, string | undefined, unknown, R>>>,
  F = object,
>(name: N, reload: R, keys: K, made?: Makers<Said<K>, F>): OptionalSection<K, N, F, R> {
  // As a whole it is live or fixed, so that what is made of it may read all of it.
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

/** The schemas of declarations, to be written in a section of another shape. */
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
