import { createHash } from 'node:crypto';
import { isPlainObject } from '../plain-object.js';
import { HIDDEN, Secret, type IsSecretKey } from '../secret.js';

/**
 * Twelve hexadecimal digits that are the same wherever the values are the same, so that a fleet's dashboard shows who
 * runs on what. Secrets do not count: a short one could be guessed from a hash that everybody may see.
 */
export function configHash(value: unknown, isSecretKey: IsSecretKey): string {
  const text = JSON.stringify(canonical(value, isSecretKey)) ?? '';
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

function canonical(value: unknown, isSecretKey: IsSecretKey): unknown {
  if (value instanceof Secret) return HIDDEN;
  if (Array.isArray(value)) return value.map((each: unknown) => canonical(each, isSecretKey));
  if (typeof value === 'bigint') return String(value);
  if (!isPlainObject(value)) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  // Pairs keep the order, and the wrapping tells them from a list.
  return {
    map: entries.map(([key, each]) => [key, isSecretKey(key) ? HIDDEN : canonical(each, isSecretKey)]),
  };
}
