import { AssertionError } from 'node:assert';

/** The expected value of a field, or a pattern that its text must match. */
export type Expected = string | number | boolean | null | RegExp;

/** Whether all expected fields match. */
export function matches(
  fields: Readonly<Record<string, unknown>>,
  expected: Readonly<Record<string, Expected>>,
): boolean {
  return Object.entries(expected).every(([name, value]) => fits(fields[name], value));
}

function fits(found: unknown, expected: Expected): boolean {
  if (expected instanceof RegExp) return found !== undefined && expected.test(textOf(found));
  return found === expected;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** How many candidates are listed. */
const SHOWN = 10;

/**
 * The error of a failed expectation: what was expected, and the relevant fields of what was found, the closest first.
 */
export function failure(
  what: string,
  expected: Readonly<Record<string, Expected>>,
  found: ReadonlyArray<Readonly<Record<string, unknown>>>,
): AssertionError {
  const names = Object.keys(expected);
  const nearness = (fields: Readonly<Record<string, unknown>>) =>
    Object.entries(expected).filter(([name, value]) => fits(fields[name], value)).length;
  const shown = found
    .toSorted((a, b) => nearness(b) - nearness(a))
    .slice(0, SHOWN)
    .map((fields) => `  ${text(Object.fromEntries(names.map((name) => [name, fields[name]])))}`);
  const more = found.length > SHOWN ? [`  and ${found.length - SHOWN} more`] : [];
  const there = found.length === 0 ? ['there was none'] : ['there was', ...shown, ...more];
  return new AssertionError({
    message: [`expected ${what} ${text(expected)}`, ...there].join('\n'),
    actual: found.slice(0, SHOWN),
    expected,
    operator: 'matches',
  });
}

function text(fields: Readonly<Record<string, unknown>>): string {
  const parts = Object.entries(fields).map(([name, value]) => {
    if (value === undefined) return `no ${name}`;
    return `${name}=${value instanceof RegExp ? String(value) : JSON.stringify(value)}`;
  });
  return parts.length === 0 ? '(any)' : parts.join(' ');
}
