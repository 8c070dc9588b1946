import { createHash } from 'node:crypto';
import type { ConfigProblem } from '../report/config-error.js';
import { nodeAt, type ConfigNode, type MapNode } from '../files/config-node.js';
import { parsePath, valueAt, type ConfigPath } from '../config-path.js';
import { explainConfig, type ExplainedValue } from '../report/explain-config.js';
import type { HiddenValue, LayerPlace, LoadedLayer, Origin } from '../report/origin.js';
import type { LoadConfigOptions } from './load-options.js';
import type { ProblemMaker } from '../report/problem-maker.js';
import type { SchemaView } from '../schema/schema-view.js';
import { Secret, HIDDEN, type IsSecretKey } from '../secret.js';
import { showNode } from '../report/describe-value.js';
import { isPlainObject } from '../plain-object.js';

/** The result of loading: the value, and everything known about its origins. Immutable. */
export class LoadedConfig<T = Record<string, unknown>> {
  /** The validated value, frozen to the last leaf. */
  readonly value: T;
  readonly layers: readonly LoadedLayer[];
  /** What is allowed but probably unintended. */
  readonly warnings: readonly ConfigProblem[];
  /** Every file that the value depends on, found or not: the layers and the targets of `!file`. */
  readonly files: readonly string[];
  private knownHash: string | undefined;

  /** @internal use {@link loadConfig} */
  constructor(readonly parts: LoadedParts) {
    // what T is follows from the schemas
    this.value = deepFreeze(parts.value) as T;
    this.layers = parts.layers;
    this.warnings = parts.warnings;
    this.files = parts.files;
  }

  /** The value at a path such as `'GRPCServer.Port'`; undefined when there is none. */
  get(path: ConfigPath): unknown {
    return valueAt(this.value, path);
  }

  /** Where the value at a path comes from; undefined when there is no such value. */
  origin(path: ConfigPath): Origin | undefined {
    const keys = parsePath(path);
    const node = nodeAt(this.parts.root, keys);
    if (node && node.kind !== 'unset') {
      const from = node.source.layer === 'Environment' ? 'environment' : 'file';
      return { from, place: layerPlace(node), hid: this.hid(node.hid, keys) };
    }
    if (valueAt(this.value, keys) === undefined) return undefined;
    // What unsets a key may stand at a section around it.
    for (let length = keys.length; length > 0; length--) {
      const unset = nodeAt(this.parts.root, keys.slice(0, length));
      if (unset?.kind !== 'unset') continue;
      const hidden = unset.hid.flatMap((each) => nodeAt(each, keys.slice(length)) ?? []);
      return { from: 'default', place: layerPlace(unset), hid: this.hid(hidden, keys) };
    }
    return { from: 'default', hid: [] };
  }

  /**
   * Where the value of each key comes from, what it hides, and when a change takes effect; of one section or key, or
   * of all. Fit to be shown: secrets are blanked.
   */
  explain(path: ConfigPath = []): ExplainedValue[] {
    return explainConfig(this, parsePath(path));
  }

  /** Whether a change of a key takes effect at once or at the next start; undefined when its schema does not say. */
  effect(path: ConfigPath): 'live' | 'restart' | undefined {
    const keys = parsePath(path);
    for (const view of this.parts.views) {
      const said = view.said(keys, 'reload');
      if (said !== undefined) return said;
    }
    return undefined;
  }

  /** The schema's description of a key. */
  description(path: ConfigPath): string | undefined {
    const said = this.parts.views.flatMap((view) => view.written(parsePath(path)));
    return said.find((schema) => schema.description !== undefined)?.description;
  }

  /** Whether a value must not be printed: by its type, its schema, where it comes from or the name of its key. */
  isSecret(path: ConfigPath): boolean {
    const keys = parsePath(path);
    if (valueAt(this.value, keys) instanceof Secret) return true;
    return this.parts.problems.isSecret(keys, nodeAt(this.parts.root, keys));
  }

  /** The same for the same values, apart from secrets: see {@link configHash}. */
  get hash(): string {
    return (this.knownHash ??= configHash(this.value, this.parts.problems.isSecretKey));
  }

  private hid(nodes: readonly ConfigNode[], path: readonly string[]): HiddenValue[] {
    const { problems } = this.parts;
    return nodes.map((each) => ({
      ...layerPlace(each),
      shown: showNode(each, problems.isSecret(path, each)),
    }));
  }
}

/** @internal */
export interface LoadedParts {
  readonly options: LoadConfigOptions;
  readonly value: unknown;
  readonly root: MapNode;
  readonly views: readonly SchemaView[];
  readonly problems: ProblemMaker;
  readonly layers: readonly LoadedLayer[];
  readonly files: readonly string[];
  readonly warnings: readonly ConfigProblem[];
}

function layerPlace(node: ConfigNode): LayerPlace {
  return { layer: node.source.layer, ...node.source.place(node.offset) };
}

function deepFreeze(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value) || value instanceof Secret)
    return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  // Dates, maps and other objects that a schema made stay as they are: freezing does not make them immutable.
  if (prototype !== null && prototype !== Object.prototype && !Array.isArray(value)) return value;
  for (const each of Object.values(value)) deepFreeze(each);
  return Object.freeze(value);
}

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
  // Pairs keep the order; the wrapper distinguishes them from a list.
  return {
    map: entries.map(([key, each]) => [key, isSecretKey(key) ? HIDDEN : canonical(each, isSecretKey)]),
  };
}
