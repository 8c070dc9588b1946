import { reference, type JsonSchema } from './json-schema.js';

/** What a JSON Schema takes at a place; undefined when it says nothing of it. */
export type SaidKind = 'text' | 'words' | 'mixed' | 'other' | undefined;

/**
 * Whether schemas take text and nothing else: `text` any text, `words` only some. `null` beside it does not count,
 * since in a file it unsets a key and is no value. `mixed`: it depends on which of several maps is written.
 */
export function saidKind(root: JsonSchema, schemas: readonly JsonSchema[]): SaidKind {
  const kinds = schemas.map((schema) => kindOf(root, schema, 0));
  const kind = together(kinds);
  return kind === 'other' && kinds.some((each) => each === 'text' || each === 'words') ? 'mixed' : kind;
}

function kindOf(root: JsonSchema, schema: JsonSchema, depth: number): SaidKind | 'null' {
  if (depth > MAX_DEPTH) return 'other';
  if ('const' in schema) return wordKind([schema.const]);
  if (schema.enum) return wordKind(schema.enum);
  const inner = (each: JsonSchema): SaidKind | 'null' => kindOf(root, each, depth + 1);
  const types = [schema.type ?? []].flat().filter((type) => type !== 'null');
  if (schema.type !== undefined) return types.length === 0 ? 'null' : together(types.map(typeKind));
  const either = schema.anyOf ?? schema.oneOf;
  if (either) return together(either.map(inner));
  // What must hold together takes text as soon as one part does.
  if (schema.allOf) return together(schema.allOf.map(inner).filter((kind) => kind !== undefined));
  const target = schema.$ref === undefined ? undefined : reference(root, schema.$ref);
  return target ? inner(target) : undefined;
}

/** A schema that refers to itself without reading anything in between has no end. */
const MAX_DEPTH = 20;

function typeKind(type: string): SaidKind {
  return type === 'string' ? 'text' : 'other';
}

function wordKind(values: readonly unknown[]): SaidKind | 'null' {
  const wanted = values.filter((value) => value !== null);
  if (wanted.length === 0) return 'null';
  return wanted.every((value) => typeof value === 'string') ? 'words' : 'other';
}

function together(all: ReadonlyArray<SaidKind | 'null'>): SaidKind {
  const kinds = new Set(all.filter((kind) => kind !== 'null'));
  if (kinds.has(undefined)) return undefined;
  if (kinds.has('other')) return 'other';
  if (kinds.has('text')) return 'text';
  return kinds.has('words') ? 'words' : undefined;
}
