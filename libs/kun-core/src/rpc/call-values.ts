import { randomUUID } from 'node:crypto';

// What is propagated with a call in addition to its messages: a request id, tags, routes, and values under custom keys.

/** The header that carries the request id, in both directions, on gRPC and HTTP. */
export const REQUEST_ID_HEADER = 'x-request-id';

/** The longest request id accepted from a caller. */
export const MAX_REQUEST_ID_LENGTH = 128;

/**
 * Takes over a caller's request id if it is safe to repeat in logs, headers and queries: up to 128 letters, digits and
 * `. _ : = + / @ -`, which covers the ids of proxies, clouds and tracers. Otherwise generates a random UUID; Node
 * generates randomness for 128 at a time, so this is as cheap as a counter.
 */
export function requestIdFrom(inbound: unknown): string {
  if (typeof inbound === 'string' && SAFE_ID.test(inbound)) return inbound;
  const made = randomUUID();
  // Node concatenates it from sixteen strings; a test makes them one, in a ninth of the memory.
  return SAFE_ID.test(made) ? made : '';
}

const SAFE_ID = new RegExp(`^[\\w.:=+/@-]{1,${MAX_REQUEST_ID_LENGTH}}$`);

/** A tag's value: short, and suitable for a log field and a span attribute. */
export type TagValue = string | number | boolean;

/** Short facts about a call, such as `account` or `cache_hit`; setting a name again replaces its value. */
export class Tags {
  // Names and values alternate: calls have few tags, and a Map takes three times the memory in every open call.
  private pairs: TagValue[] | undefined;

  set(name: string, value: TagValue): this {
    const at = this.find(name);
    if (at >= 0 && this.pairs) this.pairs[at + 1] = value;
    else if (this.pairs) this.pairs.push(name, value);
    else this.pairs = [name, value];
    return this;
  }

  get(name: string): TagValue | undefined {
    const at = this.find(name);
    return at < 0 ? undefined : this.pairs?.[at + 1];
  }

  get size(): number {
    return (this.pairs?.length ?? 0) / 2;
  }

  *[Symbol.iterator](): IterableIterator<[string, TagValue]> {
    const pairs = this.pairs ?? [];
    for (let at = 0; at < pairs.length; at += 2) yield [pairs[at] as string, pairs[at + 1] as TagValue];
  }

  /** A plain copy. */
  toJSON(): Record<string, TagValue> {
    return Object.fromEntries(this);
  }

  private find(name: string): number {
    const { pairs } = this;
    if (pairs) for (let at = 0; at < pairs.length; at += 2) if (pairs[at] === name) return at;
    return -1;
  }
}

/** Names and values that route a call through the fleet (canary, tenant); frozen. */
export type Routes = Readonly<Record<string, string>>;

/** The empty set of routes. */
export const NO_ROUTES: Routes = Object.freeze({});

/** The routes as span attributes: `kun.route.accountid`, with the name as on the wire. */
export function routeAttributes(routes: Routes): Record<string, string> {
  return Object.fromEntries(
    Object.entries(routes).map(([name, value]) => [`kun.route.${name.toLowerCase()}`, value]),
  );
}

/** Whether there are any routes. */
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
  /** What `get` returns while nothing was set. */
  readonly defaultValue: T;
}

/** Creates a key; `name` is only for debugging, two keys of the same name are distinct. */
export function contextKey<T>(name: string, defaultValue: T): ContextKey<T> {
  return Object.freeze({ id: Symbol(name), defaultValue });
}
