import { isIP } from 'node:net';
import { z } from 'zod';

/** What is written down of every configuration key, besides its type and default. */
export interface SettingMeta {
  /** What the key does, for a person and for an editor's tooltip. */
  readonly description: string;
  /** The unit of a number, such as `seconds`. */
  readonly unit?: 'seconds' | 'bytes' | 'characters' | 'lines' | 'port';
  /** Whether a change in the file takes effect at once or at the next start. */
  readonly reload: 'live' | 'restart';
}

/** Attaches a key's documentation; it comes out again in `z.toJSONSchema` and through `schema.meta()`. */
export function setting<S extends z.ZodType>(schema: S, meta: SettingMeta): S {
  return schema.meta({ ...meta });
}

/** A TCP port from `lowest` (1, or 0 where 0 means off) to 65535. */
export function port(lowest: 0 | 1 = 1): z.ZodInt {
  const error =
    lowest === 0 ? 'expected a port from 1 to 65535, or 0 for off' : 'expected a port from 1 to 65535';
  return z.int({ error }).min(lowest, { error }).max(65535, { error });
}

/** An address to listen on: an IP address, or a name that resolves to one. */
export function address(): z.ZodString {
  return z.string().refine(isAddress, { error: 'expected an IP address or a host name' });
}

/** Seconds, fractions allowed, from 0 or a millisecond to a day: anything longer is a slip of the unit. */
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

/** Seconds of the file to the milliseconds of the code. */
export function toMs(value: number): number {
  return Math.round(value * 1000);
}

const DAY_SECONDS = 86_400;

function isAddress(value: string): boolean {
  return isIP(value) !== 0 || /^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]+)*$/.test(value);
}
