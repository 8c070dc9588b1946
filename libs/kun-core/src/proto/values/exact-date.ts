const NANOS_PER_MS = 1_000_000;

/** The nanoseconds of a decoded Date beyond its milliseconds, and the milliseconds that they belong to. */
const BEYOND_MS = Symbol('kun.nanosBeyondMs');

interface Beyond {
  readonly ms: number;
  /** From 0 to 999 999. */
  readonly nanos: number;
}

/**
 * The Date of a Timestamp. Nanoseconds beyond the milliseconds are kept with the object, so that a Timestamp that is
 * only passed on is unchanged; `nanosOf` returns them.
 */
export function dateOf(seconds: number, nanos: number): Date {
  const wholeMs = Math.floor(nanos / NANOS_PER_MS);
  const date = new Date(seconds * 1000 + wholeMs);
  const rest = nanos - wholeMs * NANOS_PER_MS;
  if (rest !== 0) Object.defineProperty(date, BEYOND_MS, { value: { ms: date.getTime(), nanos: rest } });
  return date;
}

/**
 * The nanoseconds since the last full second of a Date that kun decoded, from 0 to 999 999 999: everything its
 * Timestamp had, while a Date itself ends at milliseconds.
 */
export function nanosOf(date: Date): number {
  const ms = date.getTime();
  const { [BEYOND_MS]: beyond } = date as { [BEYOND_MS]?: Beyond };
  const msOfSecond = ((ms % 1000) + 1000) % 1000;
  // A Date can be set to another time, to which the old nanoseconds do not apply.
  return msOfSecond * NANOS_PER_MS + (beyond?.ms === ms ? beyond.nanos : 0);
}

/** The parts of a Date for a Timestamp; `undefined` if it is invalid. */
export function splitDate(date: Date): { readonly seconds: number; readonly nanos: number } | undefined {
  const ms = date.getTime();
  return Number.isNaN(ms) ? undefined : { seconds: Math.floor(ms / 1000), nanos: nanosOf(date) };
}
