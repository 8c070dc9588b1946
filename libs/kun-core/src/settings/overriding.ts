import { z } from 'zod';

/** The keys of a section that may also be said of one part of what it governs: none has a default there. */
export type Overriding<K extends Readonly<Record<string, z.ZodType>>> = {
  [Name in keyof K]: z.ZodOptional<Bare<K[Name]>>;
};

type Bare<S> = S extends z.ZodDefault<infer Inner> | z.ZodOptional<infer Inner> ? Bare<Inner> : S;

/** The same keys without their defaults, so that an absent one leaves the outer section's value. */
export function overriding<K extends Readonly<Record<string, z.ZodType>>>(keys: K): Overriding<K> {
  const entries = Object.entries(keys).map(([name, schema]) => {
    const meta = schema.meta() ?? {};
    return [name, bare(schema).optional().meta(meta)];
  });
  return Object.fromEntries(entries) as Overriding<K>;
}

/** The outer section with what the inner one says instead, key by key. */
export function override<T extends object>(
  outer: T,
  inner: { readonly [K in keyof T]?: T[K] | undefined } | undefined,
): T {
  const said = Object.entries(inner ?? {}).filter(([, value]) => value !== undefined);
  return { ...outer, ...Object.fromEntries(said) };
}

function bare(schema: z.ZodType): z.ZodType {
  let inner: z.ZodType = schema;
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodOptional) inner = inner.unwrap() as z.ZodType;
  return inner;
}
