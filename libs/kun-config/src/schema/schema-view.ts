import type { StandardSchemaV1 } from '@standard-schema/spec';
import {
  alternativesAt,
  directAt,
  isOpen,
  jsonSchemaOf,
  marksSecret,
  namesAt,
  schemasAlong,
  secretNames,
  type JsonSchema,
} from './json-schema.js';
import { saidKind, type SaidKind } from './text-kind.js';

/**
 * What can be known of a schema without running it. Only zod, arktype and others with `~standard.jsonSchema` say
 * anything; for the rest every question is answered with "not known", and problems are found by validation alone.
 */
export class SchemaView {
  readonly json: JsonSchema | undefined;
  /** The keys that it reads at the top, when known. */
  readonly names: readonly string[];
  /** Whether it may read keys of any name, because it says so or because nothing is known of it. */
  readonly open: boolean;
  /** Whether keys that it does not name are dropped or refused, so that one of them is a mistake. */
  private readonly closed: boolean;
  private output: JsonSchema | undefined;

  constructor(readonly schema: StandardSchemaV1) {
    this.json = jsonSchemaOf(schema);
    this.names = this.json ? namesAt(this.json, []) : [];
    // zod drops what an object schema does not name; of other libraries only an explicit word is taken.
    this.closed = schema['~standard'].vendor === 'zod' || schema['~standard'].vendor === SECTION_VENDOR;
    this.open = !this.json || alternativesAt(this.json, []).some((each) => !this.isClosed(each));
  }

  /** What is allowed at a place; empty when not known. */
  allowed(path: readonly PropertyKey[]): JsonSchema[] {
    return this.json ? alternativesAt(this.json, path) : [];
  }

  /** What values of the file it takes at a place: what is allowed, or, where it coerces anything, what it gives. */
  taken(path: readonly PropertyKey[]): JsonSchema[] {
    const allowed = this.allowed(path);
    if (allowed.some(saysSomething)) return allowed;
    this.output ??= jsonSchemaOf(this.schema, 'output') ?? {};
    const given = alternativesAt(this.output, path);
    return given.every(({ type }) => type === 'boolean') ? given : allowed;
  }

  /** Whether it wants text at a place; undefined when not known. */
  wants(path: readonly PropertyKey[]): SaidKind {
    return this.json ? saidKind(this.json, directAt(this.json, path)) : undefined;
  }

  /** The names of the keys at a place; empty when not known. */
  namesAt(path: readonly PropertyKey[]): string[] {
    return this.json ? namesAt(this.json, path) : [];
  }

  /** Whether a map at a place cannot have a key of this name. False when not known. */
  refuses(path: readonly PropertyKey[], key: string): boolean {
    const maps = this.allowed(path);
    return (
      maps.length > 0 && maps.every((map) => this.isClosed(map) && !Object.hasOwn(map.properties ?? {}, key))
    );
  }

  /** Whether the schema names this key itself. */
  declares(path: readonly PropertyKey[], key: string): boolean {
    return this.allowed(path).some((map) => Object.hasOwn(map.properties ?? {}, key));
  }

  requires(path: readonly PropertyKey[]): boolean {
    const key = String(path.at(-1) ?? '');
    return this.allowed(path.slice(0, -1)).some((map) => map.required?.includes(key));
  }

  /** The schemas written at a place, with what is said beside a reference or a union. */
  written(path: readonly PropertyKey[]): JsonSchema[] {
    return this.json ? directAt(this.json, path) : [];
  }

  /** What is said of a place or of a section around it: the nearest word counts. */
  said<K extends 'reload' | 'secret'>(path: readonly PropertyKey[], what: K): JsonSchema[K] {
    if (!this.json) return undefined;
    return schemasAlong(this.json, path).findLast((schema) => schema[what] !== undefined)?.[what];
  }

  isSecret(path: readonly PropertyKey[]): boolean {
    if (!this.json) return false;
    return schemasAlong(this.json, path).some(marksSecret);
  }

  /** The names of all keys that hold a secret, wherever they stand. */
  secretNames(): string[] {
    return this.json ? secretNames(this.json) : [];
  }

  private isClosed(map: JsonSchema): boolean {
    if (map.additionalProperties === false) return map.patternProperties === undefined;
    return this.closed && map.properties !== undefined && !isOpen(map);
  }
}

function saysSomething(schema: JsonSchema): boolean {
  return schema.type !== undefined || schema.enum !== undefined || 'const' in schema;
}

/** The vendor that sections of kun's own name; they read their one key and no other. */
export const SECTION_VENDOR = 'kun';
