import { booleanWord } from '../files/yaml-values.js';
import type { ConfigNode } from '../files/config-node.js';
import { fits, typesOf } from '../schema/fits.js';
import type { JsonSchema } from '../schema/json-schema.js';
import { maskCredentials, printable } from './source-line.js';
import { nearest } from '../nearest.js';
import { HIDDEN, Secret } from '../secret.js';

/** What was found, for an error message: `the string "tru"`, `a list`. Secrets stay unseen. */
export function describeFound(node: ConfigNode, secret: boolean): string {
  if (node.source.foreign && node.kind === 'scalar') return 'a value that is not shown';
  if (node.kind === 'map') return 'a map';
  if (node.kind === 'list') return 'a list';
  if (node.kind === 'unset') return 'nothing';
  if (node.written !== undefined) return `what ${node.written} gives`;
  if (secret || node.secret === true) return 'a secret (not shown)';
  if (typeof node.value === 'string') return `the string ${quote(node.value)}`;
  const text = printable((node.literal ?? String(node.value)).slice(0, MAX_SHOWN));
  return typeof node.value === 'number' ? `the number ${text}` : text;
}

/** What is allowed, for an error message: `a boolean`, `a whole number from 0 to 65535`, `one of "info", "debug"`. */
export function describeAllowed(allowed: readonly JsonSchema[]): string | undefined {
  const texts = new Set(allowed.map(allowedText).filter((text) => text !== undefined));
  return texts.size === 0 || texts.size > MAX_ALTERNATIVES ? undefined : [...texts].join(' or ');
}

/** What was likely meant by a value that is not allowed, as it would be written in the file. */
export function suggestValue(node: ConfigNode, allowed: readonly JsonSchema[]): string | undefined {
  if (node.kind !== 'scalar' || node.written !== undefined || node.source.foreign) return undefined;
  const types = new Set(allowed.flatMap(typesOf));
  const words = allowed.flatMap((schema) => [
    ...(schema.enum ?? []),
    ...('const' in schema ? [schema.const] : []),
  ]);
  if (types.has('boolean')) words.push(true, false);
  const text = node.literal ?? String(node.value);
  if ((types.has('number') || types.has('integer')) && text.trim() !== '' && Number.isFinite(Number(text))) {
    return typeof node.value === 'string' && fits(Number(text), allowed)
      ? `${Number(text)} without quotes`
      : undefined;
  }
  if (types.has('string') && words.length === 0 && typeof node.value !== 'string')
    return `'${text}' in quotes`;
  const boolean = booleanWord(text);
  if (types.has('boolean') && boolean !== undefined) return String(boolean);
  const near = nearest(text, words.map(String));
  if (near !== undefined) return near;
  // `treu` is near `true`; 1 and 0 are not, but in other formats they are what is written.
  if (types.has('boolean') && (text === '1' || text === '0')) return text === '1' ? 'true' : 'false';
  return undefined;
}

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
  return text.length > MAX_SHOWN_VALUE ? `${text.slice(0, MAX_SHOWN_VALUE)}…` : text;
}

const MAX_ALTERNATIVES = 4;
const MAX_SHOWN = 60;
const MAX_SHOWN_VALUE = 200;
/** Enough to find a password in a URL, and no more than can be looked through at once. */
const MAX_READ = 1_000;

function quote(text: string): string {
  const shown = printable(maskCredentials(text.slice(0, MAX_READ)));
  return JSON.stringify(shown.length > MAX_SHOWN ? `${shown.slice(0, MAX_SHOWN)}…` : shown);
}

function allowedText(schema: JsonSchema): string | undefined {
  if ('const' in schema) return JSON.stringify(schema.const);
  if (schema.enum) return `one of ${schema.enum.map((each) => JSON.stringify(each)).join(', ')}`;
  const texts = typesOf(schema).map((type) => {
    switch (type) {
      case 'boolean':
        return 'a boolean';
      case 'integer':
        return `a whole number${range(schema)}`;
      case 'number':
        return `a number${range(schema)}`;
      case 'string':
        return `a string${length(schema)}`;
      case 'array':
        return 'a list';
      case 'object':
        return 'a map';
      default:
        return undefined;
    }
  });
  const known = texts.filter((text) => text !== undefined);
  return known.length === 0 ? undefined : known.join(' or ');
}

function range(schema: JsonSchema): string {
  const least = bound(schema.minimum, Number.MIN_SAFE_INTEGER);
  const most = bound(schema.maximum, Number.MAX_SAFE_INTEGER);
  if (least !== undefined && most !== undefined) return ` from ${least} to ${most}`;
  if (least !== undefined) return ` of at least ${least}`;
  if (most !== undefined) return ` of at most ${most}`;
  if (schema.exclusiveMinimum !== undefined) return ` above ${schema.exclusiveMinimum}`;
  if (schema.exclusiveMaximum !== undefined) return ` below ${schema.exclusiveMaximum}`;
  return '';
}

/** Schema libraries state the limits of a JavaScript integer, which is no news to anybody. */
function bound(limit: number | undefined, unbounded: number): number | undefined {
  return limit === unbounded ? undefined : limit;
}

function length(schema: JsonSchema): string {
  if (schema.format !== undefined) return ` (${schema.format})`;
  if (schema.minLength !== undefined && schema.maxLength !== undefined) {
    return ` of ${schema.minLength} to ${schema.maxLength} characters`;
  }
  if (schema.minLength !== undefined && schema.minLength > 1)
    return ` of at least ${schema.minLength} characters`;
  if (schema.minLength === 1) return ' that is not empty';
  return schema.maxLength === undefined ? '' : ` of at most ${schema.maxLength} characters`;
}
