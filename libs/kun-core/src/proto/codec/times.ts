import type { CompiledMessage } from './compiled-message.js';
import { dateOf, splitDate } from '../values/exact-date.js';
import { describe, FieldMisfitError, type Refuse } from '../values/message-misfit.js';
import type { ValueCodec } from '../values/value-codec.js';

/** The seconds of 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z, the range of a Timestamp (timestamp.proto). */
const FIRST_SECOND = -62_135_596_800;
const LAST_SECOND = 253_402_300_799;

/** The maximum seconds of a Duration, in either direction (duration.proto): ten thousand years. */
const MAX_DURATION_SECONDS = 315_576_000_000;

const NANOS = 1_000_000_000;
const NANOS_PER_MS = 1_000_000;

/** Seconds and nanoseconds, both whole numbers. */
export interface Instant {
  readonly seconds: number;
  readonly nanos: number;
}

/**
 * A Timestamp is a Date. RFC 3339 text, `{ seconds, nanos }` and a `Temporal.Instant` are also accepted; a bare number
 * is not, since seconds and milliseconds would be ambiguous.
 */
export function timestamp({ writer, reader }: CompiledMessage, refuse: Refuse): ValueCodec {
  const toInstant = (given: unknown): unknown => {
    if (given instanceof Date) return splitDate(given) ?? refuse('an invalid Date', () => ({}));
    if (typeof given === 'string') return parseInstant(given) ?? refuse(EXPECTED_TIME, () => ({}));
    if (writer.fits(given)) return given;
    const { epochNanoseconds } = (given ?? {}) as { epochNanoseconds?: unknown };
    if (typeof epochNanoseconds === 'bigint') return splitNanoseconds(epochNanoseconds);
    return refuse(`${EXPECTED_TIME}, found ${describe(given)}`, () => ({}));
  };
  return {
    wireType: 2,
    packable: false,
    zero: undefined,
    write(output, given, depth) {
      const instant = toInstant(given);
      checkRange(instant, FIRST_SECOND, LAST_SECOND, refuse);
      const { nanos = 0 } = instant as { nanos?: unknown };
      if (Number(nanos) < 0) refuse('the nanos of a Timestamp must be from 0 to 999999999', () => undefined);
      output.fork();
      writer.write(output, instant, depth + 1);
      output.ldelim();
    },
    read(input, depth, previous) {
      const before = previous instanceof Date ? splitDate(previous) : undefined;
      const { seconds, nanos } = reader.readDelimited(input, depth + 1, before) as {
        seconds: string | number | bigint;
        nanos: number;
      };
      const date = dateOf(Number(seconds), nanos);
      if (Number.isNaN(date.getTime()))
        throw new FieldMisfitError(`${seconds} seconds are out of range for a Date`);
      return date;
    },
    empty: () => new Date(0),
  };
}

/** A Duration is `{ seconds, nanos }`. Milliseconds are also accepted, and text as in JSON: `'1.5s'`. */
export function duration({ writer, reader }: CompiledMessage, refuse: Refuse): ValueCodec {
  const toDuration = (given: unknown): unknown => {
    if (typeof given === 'number' && Number.isFinite(given)) return splitMs(given);
    if (typeof given === 'string') return parseDuration(given) ?? refuse(EXPECTED_DURATION, () => ({}));
    if (writer.fits(given)) return given;
    return refuse(`${EXPECTED_DURATION}, found ${describe(given)}`, () => ({}));
  };
  return {
    wireType: 2,
    packable: false,
    zero: undefined,
    write(output, given, depth) {
      const value = toDuration(given);
      checkRange(value, -MAX_DURATION_SECONDS, MAX_DURATION_SECONDS, refuse);
      const { seconds = 0, nanos = 0 } = value as { seconds?: unknown; nanos?: unknown };
      if (Number(seconds) * Number(nanos) < 0) {
        refuse('the seconds and nanos of a Duration must have the same sign', () => undefined);
      }
      output.fork();
      writer.write(output, value, depth + 1);
      output.ldelim();
    },
    read: (input, depth, previous) => reader.readDelimited(input, depth + 1, previous),
    empty: () => reader.empty(),
  };
}

const EXPECTED_TIME = "expected a Date, a time as '2026-01-31T12:00:00Z' or { seconds, nanos }";
const EXPECTED_DURATION = "expected milliseconds, a duration as '1.5s' or { seconds, nanos }";

function checkRange(value: unknown, first: number, last: number, refuse: Refuse): void {
  const { seconds = 0, nanos = 0 } = value as { seconds?: unknown; nanos?: unknown };
  const whole = Number(seconds);
  if (whole < first || whole > last) {
    refuse(`expected seconds from ${first} to ${last}, found ${String(seconds)}`, () => undefined);
  }
  if (Math.abs(Number(nanos)) >= NANOS) {
    refuse(`expected less than ${NANOS} nanos, found ${String(nanos)}`, () => undefined);
  }
}

function splitNanoseconds(total: bigint): Instant {
  const rest = ((total % BigInt(NANOS)) + BigInt(NANOS)) % BigInt(NANOS);
  return { seconds: Number((total - rest) / BigInt(NANOS)), nanos: Number(rest) };
}

function splitMs(ms: number): Instant {
  const seconds = Math.trunc(ms / 1000);
  const nanos = Math.round((ms - seconds * 1000) * NANOS_PER_MS);
  // What rounds up to a second becomes one; and -0 is avoided.
  return Math.abs(nanos) === NANOS
    ? { seconds: seconds + Math.sign(nanos), nanos: 0 }
    : { seconds, nanos: nanos + 0 };
}

const DURATION = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/;

function parseDuration(text: string): Instant | undefined {
  const [, sign, seconds, fraction = ''] = DURATION.exec(text) ?? [];
  if (seconds === undefined) return undefined;
  const factor = sign === '-' ? -1 : 1;
  return { seconds: factor * Number(seconds), nanos: factor * Number(fraction.padEnd(9, '0')) };
}

const TIME = /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})$/;

function parseInstant(text: string): Instant | undefined {
  const [, day, time, fraction = '', zone = ''] = TIME.exec(text) ?? [];
  const ms = Date.parse(`${day}T${time}${zone.toUpperCase()}`);
  if (Number.isNaN(ms) || !isDay(day ?? '')) return undefined;
  return { seconds: ms / 1000, nanos: Number(fraction.padEnd(9, '0')) };
}

/** `Date` reads the 30th of February as the 2nd of March. */
function isDay(day: string): boolean {
  const date = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day);
}
