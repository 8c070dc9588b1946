import { fieldOf } from './field-of.js';

/** google.protobuf.Duration as protobufjs takes it */
export interface Duration {
  readonly seconds: number;
  readonly nanos: number;
}

/** Duration's own bound, about 10 000 years: google/protobuf/duration.proto */
const MAX_SECONDS = 315_576_000_000;
const NANOS_PER_SECOND = 1_000_000_000;

/** Milliseconds as seconds and nanoseconds of one sign. NaN is no delay; what is out of range is the bound */
export function toDuration(milliseconds: number): Duration {
  if (Number.isNaN(milliseconds)) return { seconds: 0, nanos: 0 };
  const bounded = Math.max(-MAX_SECONDS, Math.min(MAX_SECONDS, milliseconds / 1000));
  const seconds = Math.trunc(bounded);
  // From the milliseconds rather than from the quotient, which would lose nanoseconds.
  const rest = Math.abs(bounded) === MAX_SECONDS ? 0 : Math.round((milliseconds - seconds * 1000) * 1e6);
  if (Math.abs(rest) < NANOS_PER_SECOND) return { seconds: seconds + 0, nanos: rest + 0 };
  return { seconds: seconds + Math.sign(rest), nanos: 0 };
}

/** The milliseconds of a decoded Duration, its seconds as a number or in decimal; anything else is 0 */
export function millisecondsOf(duration: unknown): number {
  const seconds = Number(fieldOf(duration, 'seconds') ?? 0);
  const nanos = Number(fieldOf(duration, 'nanos') ?? 0);
  const total = seconds * NANOS_PER_SECOND + nanos;
  // One division rounds once; beyond 104 days nanoseconds are lost either way.
  return Number.isSafeInteger(total) ? total / 1e6 : seconds * 1000 + nanos / 1e6;
}

/** `1.5s`, as protobuf's JSON form writes a Duration */
export function durationText(milliseconds: number): string {
  const { seconds, nanos } = toDuration(milliseconds);
  const sign = seconds < 0 || nanos < 0 ? '-' : '';
  const fraction = Math.abs(nanos).toString().padStart(9, '0').replace(/0+$/, '');
  return `${sign}${Math.abs(seconds)}${fraction && `.${fraction}`}s`;
}
