import type { Routes } from '../rpc/call-values.js';
import { routeNameProblem } from '../grammar/route-name.js';
import { MAX_ROUTES_BYTES, routeBytes, routeValueProblem } from './route-limits.js';

/** Routes to set, or with `undefined` to remove. Names are case-insensitive. */
export type RouteChanges = Readonly<Record<string, string | undefined>>;

/** Validated changes, by the name on the wire. */
export type CheckedChanges = ReadonlyMap<
  string,
  { readonly name: string; readonly value: string | undefined }
>;

/** @throws {RouteError} naming the route that cannot be sent, and why. */
export function checkChanges(changes: RouteChanges): CheckedChanges {
  const checked = new Map<string, { name: string; value: string | undefined }>();
  for (const [name, value] of Object.entries(changes)) {
    const problem = routeNameProblem(name) ?? (value === undefined ? undefined : routeValueProblem(value));
    if (problem !== undefined) throw new RouteError(name, problem);
    checked.set(name.toLowerCase(), { name, value });
  }
  return checked;
}

/**
 * Applies the changes in order; a name that already exists keeps its spelling.
 *
 * @throws {RouteError} when there are too many routes.
 */
export function changeRoutes(routes: Routes, ...changes: readonly CheckedChanges[]): Routes {
  const result = new Map(
    Object.entries(routes).map(([name, value]) => [name.toLowerCase(), { name, value }]),
  );
  for (const [key, { name, value }] of changes.flatMap((each) => [...each])) {
    if (value === undefined) result.delete(key);
    else result.set(key, { name: result.get(key)?.name ?? name, value });
  }
  let bytes = 0;
  for (const { name, value } of result.values()) {
    bytes += routeBytes(name, value);
    if (bytes > MAX_ROUTES_BYTES) {
      throw new RouteError(name, `is one too many: all routes of a call may have ${MAX_ROUTES_BYTES} bytes`);
    }
  }
  // Entries rather than assignments: `__proto__` is a metadata key like any other.
  return Object.freeze(Object.fromEntries([...result.values()].map(({ name, value }) => [name, value])));
}

/** A route cannot be sent; thrown where it was given, before any call is made. */
export class RouteError extends Error {
  override readonly name = 'RouteError';

  constructor(
    /** The route's name as given. */
    readonly route: string,
    problem: string,
  ) {
    super(`route ${JSON.stringify(route)} ${problem}`);
  }
}
