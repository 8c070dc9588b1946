import { randomUUID } from 'node:crypto';

// What travels with a call besides its messages: a request id, tags, routes, and values under keys of one's own.

/** The header that carries the id, in both directions, on gRPC and HTTP. */
export const REQUEST_ID_HEADER = 'x-request-id';

/** The longest id taken from a caller. */
export const MAX_REQUEST_ID_LENGTH = 128;

/**
 * Takes a caller's id over when it is safe to repeat in logs, headers and queries: up to 128 of the letters, digits and
 * `. _ : = + / @ -` that the ids of proxies, clouds and tracers are made of. Otherwise makes one, a random UUID, as
 * cheap as a counter since Node draws the randomness of 128 at a time.
 */
export function requestIdFrom(inbound: unknown): string {
  return typeof inbound === 'string' && SAFE_ID.test(inbound) ? inbound : randomUUID();
}

const SAFE_ID = new RegExp(`^[\\w.:=+/@-]{1,${MAX_REQUEST_ID_LENGTH}}$`);

/** A tag's value: short, and fit for a log field and a span attribute. */
export type TagValue = string | number | boolean;

/** Short facts about a call, as `account` or `cache_hit`; the later of two values for one name wins. */
export class Tags {
  // Most calls have none.
  private values: Map<string, TagValue> | undefined;

  set(name: string, value: TagValue): this {
    (this.values ??= new Map()).set(name, value);
    return this;
  }

  get(name: string): TagValue | undefined {
    return this.values?.get(name);
  }

  get size(): number {
    return this.values?.size ?? 0;
  }

  [Symbol.iterator](): IterableIterator<[string, TagValue]> {
    return (this.values ?? NONE).entries();
  }

  /** A plain copy. */
  toJSON(): Record<string, TagValue> {
    return Object.fromEntries(this.values ?? NONE);
  }
}

const NONE: ReadonlyMap<string, TagValue> = new Map();

/** Names and values that steer a call through the fleet (canary, tenant); frozen. */
export type Routes = Readonly<Record<string, string>>;

/** No route at all. */
export const NO_ROUTES: Routes = Object.freeze({});

/** The routes as attributes of a span: `kun.route.accountid`, the name as it is on the wire. */
export function routeAttributes(routes: Routes): Record<string, string> {
  return Object.fromEntries(
    Object.entries(routes).map(([name, value]) => [`kun.route.${name.toLowerCase()}`, value]),
  );
}

/** Whether there is anything to tell of. */
export function hasRoutes(routes: Routes): boolean {
  for (const _ in routes) return true;
  return false;
}

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
