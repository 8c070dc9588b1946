import type { ConfigNode } from '../files/config-node.js';
import { maskCredentials, printable } from './source-line.js';
import { HIDDEN, Secret } from '../secret.js';

/** A node as a report shows it: compact, secrets blanked, what came from outside by its reference. */
export function showNode(node: ConfigNode, secret: boolean): string {
  if (node.kind === 'unset') return 'null';
  if (node.source.foreign) return '(not shown)';
  if (node.written !== undefined && node.kind !== 'map') return node.written;
  if (node.kind === 'map') return `{${[...node.entries.keys()].join(', ')}}`;
  if (node.kind === 'list')
    return secret ? HIDDEN : `[${node.items.map((item) => showNode(item, false)).join(', ')}]`;
  return showValue(node.value, secret || node.secret === true);
}

/** A validated value as a report shows it. */
export function showValue(value: unknown, secret: boolean): string {
  if (secret || value instanceof Secret) return HIDDEN;
  if (typeof value === 'bigint') return String(value);
  const text = printable(maskCredentials((JSON.stringify(value) ?? String(value)).slice(0, MAX_READ)));
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

const MAX_SHOWN = 200;
const MAX_READ = 1_000;
