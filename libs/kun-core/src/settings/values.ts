import { isIP } from 'node:net';
import { z } from 'zod';
import type { CountUnit } from './declare.js';

/** A TCP port from `lowest` (1, or 0 where 0 means off) to 65535. */
export function port(lowest: 0 | 1 = 1): z.ZodInt {
  const error =
    lowest === 0 ? 'expected a port from 1 to 65535, or 0 for off' : 'expected a port from 1 to 65535';
  return z.int({ error }).min(lowest, { error }).max(65535, { error });
}

/** An address to listen on: an IP address, or a host name that resolves to one. */
export function address(): z.ZodString {
  return z.string().refine(isAddress, { error: 'expected an IP address or a host name' });
}

/** Seconds with fractions, from 0 or one millisecond to a day: anything longer is a mistaken unit. */
export function seconds(lowest: 'zero' | 'positive' = 'zero'): z.ZodNumber {
  const least = lowest === 'zero' ? 0 : 0.001;
  const error = `expected seconds from ${least} to ${DAY_SECONDS}`;
  return z.number({ error }).min(least, { error }).max(DAY_SECONDS, { error });
}

/** A size of at least one: whole bytes, characters or lines. */
export function size(unit: 'bytes' | 'characters' | 'lines'): z.ZodInt {
  const error = `expected a whole number of ${unit}, 1 or more`;
  return z.int({ error }).min(1, { error });
}

/** A count: a whole number from `least` to `most`; anything beyond is a mistake. */
export function count(
  what: CountUnit | 'bytes',
  { least = 1, most = MAX_COUNT }: { readonly least?: number; readonly most?: number } = {},
): z.ZodInt {
  const error = `expected a whole number of ${what} from ${least} to ${most}`;
  return z.int({ error }).min(least, { error }).max(most, { error });
}

/** A text with its own grammar; `problemOf` returns what is wrong with it. */
export function text(problemOf: (value: string) => string | undefined): z.ZodString {
  return z.string().check(({ value, issues }) => {
    const message = problemOf(value);
    if (message !== undefined) issues.push({ code: 'custom', input: value, message });
  });
}

/** Converts seconds of the file to milliseconds of the code. */
export function toMs(value: number): number {
  return Math.round(value * 1000);
}

/** Likewise, with 0 or absent meaning no limit. */
export function toLimitMs(value: number | undefined): number | undefined {
  return value ? toMs(value) : undefined;
}

const DAY_SECONDS = 86_400;
/** No process can hold more of anything. */
const MAX_COUNT = 1_000_000;

function isAddress(value: string): boolean {
  return isIP(value) !== 0 || /^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]+)*$/.test(value);
}
