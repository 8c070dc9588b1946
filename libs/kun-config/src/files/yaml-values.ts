import { isNode } from 'yaml';
import { booleanWord } from './boolean-words.js';
import type { ConfigNode, ScalarNode } from './config-node.js';

/** A list replaces as a whole, so there is nothing in it that `null` could unset: there it is a value. */
export function listItem(node: ConfigNode): ConfigNode {
  if (node.kind !== 'unset') return node;
  const { source, offset, keyOffset, hid } = node;
  return { kind: 'scalar', value: null, source, offset, keyOffset, hid };
}

/** What else a plain scalar may have meant: the boolean of `yes`, the text of a number that cannot be held. */
export function otherMeaning(value: ScalarNode['value'], text: string): string | boolean | undefined {
  if (typeof value === 'string') return booleanWord(value);
  // An identifier of many digits, which a number cannot hold.
  return typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)
    ? text
    : undefined;
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
