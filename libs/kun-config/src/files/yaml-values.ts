import { isNode } from 'yaml';
import type { ConfigNode, ScalarNode } from './config-node.js';

/**
 * The boolean that `yes`, `no`, `on` or `off` means, in the letter cases that YAML 1.1 knew (`yes`, `Yes`, `YES`);
 * undefined for any other word. YAML 1.2 reads them as strings, so a schema decides which of the two is meant.
 */
export function booleanWord(word: string): boolean | undefined {
  return WORDS.get(word);
}

/** What else a plain scalar may have meant: the boolean of `yes`, the text of a number that cannot be held. */
export function otherMeaning(value: ScalarNode['value'], text: string): string | boolean | undefined {
  if (typeof value === 'string') return booleanWord(value);
  // An identifier of many digits, which a number cannot hold.
  return typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)
    ? text
    : undefined;
}

/** Whether a number equals its text: one of 20 digits does not, nor does `1e999`. */
export function isExact(value: number, text: string): boolean {
  if (/^[-+]?\.(inf|nan)$/i.test(text)) return true;
  if (!Number.isFinite(value)) return false;
  if (Number.isSafeInteger(value) && /^[-+]?\d{1,15}$/.test(text)) return true;
  const integer = /^([-+]?)(\d+|0x[\da-f]+|0o[0-7]+)$/i.exec(text);
  if (integer) return BigInt(integer[2] ?? 0) === BigInt(Math.abs(value));
  return decimal(text) === decimal(String(value));
}

/** A list replaces as a whole, so there is nothing in it that `null` could unset: there it is a value. */
export function listItem(node: ConfigNode): ConfigNode {
  if (node.kind !== 'unset') return node;
  const { source, offset, keyOffset, hid } = node;
  return { kind: 'scalar', value: null, source, offset, keyOffset, hid };
}

/** The value of a scalar, as the core schema has it. */
export function scalarValue(value: unknown): ScalarNode['value'] {
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return value;
  // The core schema makes nothing else; a key may also be a symbol (`<<`).
  return typeof value === 'string' ? value : '<<';
}

/** Where a parsed node starts. */
export function startOf(yaml: unknown): number | undefined {
  return isNode(yaml) ? yaml.range?.[0] : undefined;
}

/** Where a parsed node's value ends. */
export function endOf(yaml: unknown): number | undefined {
  return isNode(yaml) ? yaml.range?.[1] : undefined;
}

/** The digits that count and the power of ten of the last one, so that `1.10`, `11e-1` and `1.1` are the same. */
function decimal(text: string): string {
  const [, whole = '', part = '', power = '0'] = /^[-+]?(\d*)(?:\.(\d*))?(?:e([-+]?\d+))?$/i.exec(text) ?? [];
  const digits = (whole + part).replace(/^0+/, '');
  const counting = digits.replace(/0+$/, '');
  return counting === ''
    ? '0'
    : `${counting}e${Number(power) - part.length + digits.length - counting.length}`;
}

const WORDS: ReadonlyMap<string, boolean> = new Map(
  [
    ['yes', 'Yes', 'YES', 'on', 'On', 'ON'].map((word) => [word, true] as const),
    ['no', 'No', 'NO', 'off', 'Off', 'OFF'].map((word) => [word, false] as const),
  ].flat(),
);
