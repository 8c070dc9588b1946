import type { StandardSchemaV1 } from '@standard-schema/spec';
import { jsonSchemaOf, marksSecret, type JsonSchema } from './json-schema.js';
import { isRecord } from '../plain-object.js';

/**
 * The JSON Schema of one layer's file, for editors (`# yaml-language-server: $schema=...`) and linters. It is what
 * the schemas say, with what else a file may contain: no key is required, since another layer may have it; `null`
 * unsets; `${NAME}` and, for a boolean, `yes`, `no`, `on`, `off` stand for a value.
 *
 * @throws {TypeError} when the library of a schema offers no JSON Schema.
 */
export function editorSchema(schemas: readonly StandardSchemaV1[]): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  const $defs: Record<string, JsonSchema> = {};
  for (const [index, schema] of schemas.entries()) {
    const json = jsonSchemaOf(schema);
    const { vendor } = schema['~standard'];
    if (!json) throw new TypeError(`${vendor} offers no JSON Schema for schema ${index + 1}`);
    const name = (ref: string): string =>
      `#/$defs/s${index}${ref === '#' ? '' : `_${ref.slice('#/$defs/'.length)}`}`;
    // zod drops what an object does not name, which here is a mistake.
    const dialect: Dialect = { name, closed: vendor === 'zod' };
    Object.assign(
      properties,
      mapValues(json.properties ?? {}, (each) => relax(each, dialect)),
    );
    for (const [key, each] of Object.entries(json.$defs ?? {}))
      $defs[`s${index}_${key}`] = relax(each, dialect);
    if (JSON.stringify(json).includes('"$ref":"#"'))
      $defs[`s${index}`] = relax({ ...json, $defs: {} }, dialect);
  }
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    properties,
    additionalProperties: false,
    ...(Object.keys($defs).length === 0 ? {} : { $defs }),
  };
}

const REFERENCE: JsonSchema = { type: 'string', pattern: String.raw`\$\{.+\}` };
const BOOLEAN_WORDS: JsonSchema = { enum: ['yes', 'no', 'on', 'off'] };
const UNSET: JsonSchema = { type: 'null' };

/** What differs between schemas of different origin. */
interface Dialect {
  /** Where a reference leads in the combined schema. */
  readonly name: (ref: string) => string;
  /** Whether an object has no other keys than those that it names. */
  readonly closed: boolean;
}

function relax(schema: JsonSchema, dialect: Dialect): JsonSchema {
  const { required: _required, reload, secret: _secret, description, default: fallback, ...rest } = schema;
  const inner: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(rest)) {
    // Words of the schema's own would make a strict validator refuse the whole.
    if (KEYWORDS.has(key)) inner[key] = relaxKeyword(key, value, dialect);
  }
  const effect = reload === undefined ? undefined : EFFECTS[reload];
  const text = [description, effect].filter((each) => each !== undefined).join('. ');
  if (dialect.closed && schema.properties && schema.additionalProperties === undefined) {
    inner['additionalProperties'] = false;
  }
  const said = {
    ...(text === '' ? {} : { description: text }),
    ...(fallback === undefined || marksSecret(schema) ? {} : { default: fallback }),
  };
  const types = schema.type === undefined ? [] : [schema.type].flat();
  const also = [
    ...(types.length > 0 && !types.includes('object') && !types.includes('array') ? [REFERENCE] : []),
    ...(types.includes('boolean') ? [BOOLEAN_WORDS] : []),
    UNSET,
  ];
  return Object.keys(inner).length === 0 ? said : { ...said, anyOf: [inner, ...also] };
}

const KEYWORDS: ReadonlySet<string> = new Set(
  [
    '$ref type enum const format pattern title deprecated examples readOnly writeOnly',
    'properties patternProperties additionalProperties propertyNames minProperties maxProperties',
    'items prefixItems minItems maxItems uniqueItems contains anyOf oneOf allOf not',
    'minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength',
  ].flatMap((line) => line.split(' ')),
);

const EFFECTS = {
  live: 'A change takes effect at once',
  restart: 'A change takes effect at the next start',
} as const;

function relaxKeyword(key: string, value: unknown, dialect: Dialect): unknown {
  if (key === '$ref' && typeof value === 'string') return dialect.name(value);
  if ((key === 'properties' || key === 'patternProperties') && isRecord(value)) {
    return mapValues(value, (each) => (isRecord(each) ? relax(each, dialect) : each));
  }
  if (key === 'items' || key === 'additionalProperties')
    return isRecord(value) ? relax(value, dialect) : value;
  if (['anyOf', 'oneOf', 'allOf', 'prefixItems'].includes(key) && Array.isArray(value)) {
    return value.map((each: unknown) => (isRecord(each) ? relax(each, dialect) : each));
  }
  return value;
}

function mapValues<V, W>(map: Readonly<Record<string, V>>, change: (value: V) => W): Record<string, W> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]));
}
