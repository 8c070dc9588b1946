import { isDeepStrictEqual } from 'node:util';
import { formatPath } from '../config-path.js';
import { isPlainObject } from '../plain-object.js';
import { Secret } from '../secret.js';

/** One key whose value has changed. */
export interface ConfigChange {
  /** The key, as in `Logger.Level`; a list is one value. */
  readonly path: string;
  readonly keys: readonly string[];
  /** Undefined when the key was not there. */
  readonly previous: unknown;
  /** Undefined when the key is not there any more. */
  readonly current: unknown;
}

/** The keys that differ between two values; maps that appear or disappear are listed key by key. */
export function findChanges(
  previous: unknown,
  current: unknown,
  keys: readonly string[] = [],
): ConfigChange[] {
  if (sameValue(previous, current)) return [];
  const [before, after] = [asMap(previous), asMap(current)];
  const oneIsMap = isPlainObject(previous) || isPlainObject(current);
  if (!oneIsMap || !before || !after) return [{ path: formatPath(keys), keys, previous, current }];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  const inner = [...names].flatMap((name) =>
    findChanges(own(before, name), own(after, name), [...keys, name]),
  );
  // An empty map that comes or goes has no keys to tell of.
  return inner.length > 0 ? inner : [{ path: formatPath(keys), keys, previous, current }];
}

/** Whether two values are the same to the last leaf; secrets are compared by what they hide. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (a instanceof Secret || b instanceof Secret)
    return a instanceof Secret && b instanceof Secret && a.equals(b);
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((each, index) => sameValue(each, b[index]));
  }
  if (!isPlainObject(a) || !isPlainObject(b)) return isDeepStrictEqual(a, b);
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => Object.hasOwn(b, name) && sameValue(a[name], b[name]));
}

function asMap(value: unknown): Record<PropertyKey, unknown> | undefined {
  if (value === undefined) return {};
  return isPlainObject(value) ? value : undefined;
}

function own(map: Record<PropertyKey, unknown>, name: string): unknown {
  return Object.hasOwn(map, name) ? map[name] : undefined;
}
