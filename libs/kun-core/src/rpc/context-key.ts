/**
 * A typed key for a value that travels with a call.
 *
 * ```ts
 * const tenant = contextKey('tenant', 'none');
 * currentCall()?.set(tenant, 'acme');
 * ```
 */
export interface ContextKey<T> {
  readonly id: symbol;
  /** What `get` answers while nothing was set. */
  readonly defaultValue: T;
}

/** Makes a key; `name` is for people only, two keys of one name are two keys. */
export function contextKey<T>(name: string, defaultValue: T): ContextKey<T> {
  return Object.freeze({ id: Symbol(name), defaultValue });
}
