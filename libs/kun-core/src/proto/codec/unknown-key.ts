import { nearest } from '@kun/config';
import { valueOf, type FieldPlan, type Source } from '../values/field-plan.js';

/**
 * Returns why an object's key does not belong in its message; `undefined` if it does, or was not meant to be sent: an
 * absent value, a method, a tool's mark (`$type`), the state behind a getter (`_name` of an instance whose class has
 * `name`), or the name of a oneof with the member that is set, as proto-loader adds it (also for `optional` fields).
 */
export function unknownKey(
  key: string,
  source: Source,
  names: readonly string[],
  oneofs: ReadonlyMap<string, readonly FieldPlan[]>,
): string | undefined {
  if (names.includes(key)) return undefined;
  const value = source[key];
  if (value === undefined || typeof value === 'function' || key.startsWith('$')) return undefined;
  if (key.startsWith('_') && names.includes(key.slice(1)) && standsBehind(key.slice(1), value, source))
    return undefined;
  const members = oneofs.get(key);
  if (members) return wrongMember(key, value, source, members);
  const near = names.find((name) => bare(name) === bare(key)) ?? nearest(key, names);
  if (near !== undefined) return `no such field; did you mean ${near}?`;
  return names.length === 0
    ? 'no such field; the message has none'
    : `no such field; there are ${list(names)}`;
}

function standsBehind(name: string, value: unknown, source: Source): boolean {
  return value === name || (name in source && !Object.hasOwn(source, name));
}

function wrongMember(
  oneof: string,
  value: unknown,
  source: Source,
  members: readonly FieldPlan[],
): string | undefined {
  const named = members.find(({ name }) => name === value);
  if (named && valueOf(source, named) !== undefined) return undefined;
  const names = list(members.map(({ name }) => name));
  return `the name of a oneof: set one of its members (${names}), not ${oneof} itself`;
}

/** The name without differences in spelling: underscores and case. */
function bare(name: string): string {
  return name.replaceAll('_', '').toLowerCase();
}

const MAX_LISTED = 12;

function list(names: readonly string[]): string {
  return names.slice(0, MAX_LISTED).join(', ') + (names.length > MAX_LISTED ? ', …' : '');
}
