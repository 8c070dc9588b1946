import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec';

import { isRecord } from '../plain-object.js';
import { Secret } from '../secret.js';

/** The parts of JSON Schema that are used here. */
export interface JsonSchema {
  readonly $schema?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: boolean | JsonSchema;
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema | boolean;
  readonly prefixItems?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly format?: string;
  readonly pattern?: string;
  readonly description?: string;
  readonly deprecated?: boolean;
  readonly writeOnly?: boolean;
  /** Whether a change takes effect at once or needs a restart; kun's own word, set with `.meta({ reload: 'live' })`. */
  readonly reload?: 'live' | 'restart';
  /** Never to be printed; kun's own word, set with `.meta({ secret: true })`. */
  readonly secret?: boolean;
}

/** The JSON Schema of what a schema reads or gives, or undefined when its library offers none. */
export function jsonSchemaOf(
  schema: StandardSchemaV1,
  direction: 'input' | 'output' = 'input',
): JsonSchema | undefined {
  const standard: StandardSchemaV1.Props & Partial<StandardJSONSchemaV1.Props> = schema['~standard'];
  if (!standard.jsonSchema) return undefined;
  try {
    return standard.jsonSchema[direction]({ target: 'draft-2020-12', libraryOptions: ZOD_OPTIONS });
  } catch {
    // Libraries throw for what JSON Schema cannot express; the schema still validates.
    return undefined;
  }
}

/** zod's own: what JSON Schema cannot say is left open, and a transformation into a Secret marks what it reads. */
const ZOD_OPTIONS = {
  unrepresentable: 'any',
  override: ({
    zodSchema,
    jsonSchema,
  }: {
    zodSchema: unknown;
    jsonSchema: Record<string, unknown>;
  }): void => {
    const out = field(field(field(field(zodSchema, '_zod'), 'def'), 'out'), '_zod');
    if (field(field(out, 'def'), 'transform') === Secret.of) jsonSchema['secret'] = true;
  },
};

function field(value: unknown, key: string): unknown {
  return isRecord(value) ? value[key] : undefined;
}

/** The schemas allowed at a place: one per alternative, with references and unions resolved. */
export function alternativesAt(root: JsonSchema, path: readonly PropertyKey[]): JsonSchema[] {
  let at = alternatives(root, root);
  for (const key of path) at = at.flatMap((schema) => child(root, schema, String(key)));
  return at;
}

/** The schemas on the way to a place, outermost first: what holds for a section holds for its keys. */
export function schemasAlong(root: JsonSchema, path: readonly PropertyKey[]): JsonSchema[] {
  return [root, ...path.flatMap((_, index) => directAt(root, path.slice(0, index + 1)))];
}

/** The names that a map may have at a place. */
export function namesAt(root: JsonSchema, path: readonly PropertyKey[]): string[] {
  return [...new Set(alternativesAt(root, path).flatMap((schema) => Object.keys(schema.properties ?? {})))];
}

/** Whether a schema allows a map to have keys of any name. */
export function isOpen(schema: JsonSchema): boolean {
  return (
    (schema.additionalProperties !== undefined && schema.additionalProperties !== false) ||
    schema.patternProperties !== undefined
  );
}

/** The schemas written at a place themselves, with what is said beside a reference or a union. */
export function directAt(root: JsonSchema, path: readonly PropertyKey[]): JsonSchema[] {
  const last = path.at(-1);
  if (last === undefined) return [root];
  const parents = alternativesAt(root, path.slice(0, -1));
  return parents.flatMap((parent) => directChild(parent, String(last)) ?? []);
}

/** Whether a schema says that its value must not be printed. */
export function marksSecret(schema: JsonSchema): boolean {
  return schema.secret === true || schema.writeOnly === true || schema.format === 'password';
}

/** The names of the properties that hold a secret, at any depth. */
export function secretNames(root: JsonSchema): string[] {
  const names: string[] = [];
  const seen = new Set<unknown>();
  const visit = (schema: unknown): void => {
    if (!isRecord(schema) || seen.has(schema)) return;
    seen.add(schema);
    if (isRecord(schema['properties'])) {
      for (const [name, property] of Object.entries(schema['properties'])) {
        if (isRecord(property) && marksSecret(property)) names.push(name);
      }
    }
    for (const each of Object.values(schema)) [each].flat().forEach(visit);
  };
  visit(root);
  return names;
}

function child(root: JsonSchema, schema: JsonSchema, key: string): JsonSchema[] {
  const direct = directChild(schema, key);
  return direct ? alternatives(root, direct) : [];
}

function directChild(schema: JsonSchema, key: string): JsonSchema | undefined {
  if (schema.properties && Object.hasOwn(schema.properties, key)) return schema.properties[key];
  if (/^\d+$/.test(key) && (schema.items !== undefined || schema.prefixItems)) {
    return schema.prefixItems?.[Number(key)] ?? (typeof schema.items === 'object' ? schema.items : undefined);
  }
  for (const [pattern, property] of Object.entries(schema.patternProperties ?? {})) {
    if (new RegExp(pattern).test(key)) return property;
  }
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}

function alternatives(root: JsonSchema, schema: JsonSchema, depth = 0): JsonSchema[] {
  if (depth > MAX_REFERENCES) return [];
  const inner = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  if (schema.$ref !== undefined) {
    const target = reference(root, schema.$ref);
    if (target) inner.push(target);
  }
  if (inner.length === 0) return [schema];
  const own = schema.type !== undefined || schema.properties !== undefined ? [schema] : [];
  return [...own, ...inner.flatMap((each) => alternatives(root, each, depth + 1))];
}

/** A schema that refers to itself without reading anything in between has no end. */
const MAX_REFERENCES = 20;

/** What a `$ref` within the schema leads to. */
export function reference(root: JsonSchema, ref: string): JsonSchema | undefined {
  if (ref === '#') return root;
  const name = /^#\/\$defs\/(.+)$/.exec(ref)?.[1];
  return name === undefined ? undefined : root.$defs?.[name.replaceAll('~1', '/').replaceAll('~0', '~')];
}
