import { nodeAt, type MapNode } from '../files/config-node.js';
import { formatPath, valueAt, type ConfigPath } from '../config-path.js';
import type { Origin } from '../report/origin.js';
import { isPlainObject } from '../plain-object.js';
import { showNode, showValue } from './describe-value.js';

/** One key, with everything known about its value. */
export interface ExplainedValue extends Origin {
  /** The key, as in `Logger.Level`; a list is one value. */
  readonly path: string;
  /** The value, fit to be shown; of one that comes from outside its reference, such as `${PORT}`. */
  readonly shown: string;
  /** When a change takes effect; absent when the schema does not say. */
  readonly reload?: 'live' | 'restart';
  /** What the schema says of the key. */
  readonly description?: string;
}

/** What an explanation needs from a loaded configuration. */
interface Explainable {
  readonly value: unknown;
  readonly parts: {
    readonly root: MapNode;
    readonly problems: { isSecret(path: readonly string[]): boolean };
  };
  origin(path: ConfigPath): Origin | undefined;
  effect(path: ConfigPath): 'live' | 'restart' | undefined;
  description(path: ConfigPath): string | undefined;
  isSecret(path: ConfigPath): boolean;
}

/** Explains each key at and below a path. */
export function explainConfig(config: Explainable, path: readonly string[]): ExplainedValue[] {
  return leavesOf(valueAt(config.value, path), path).flatMap((keys) => {
    const origin = config.origin(keys);
    if (!origin) return [];
    const reload = config.effect(keys);
    const description = config.description(keys);
    return {
      path: formatPath(keys),
      shown: shownAt(config, keys),
      ...origin,
      ...(reload === undefined ? {} : { reload }),
      ...(description === undefined ? {} : { description }),
    };
  });
}

function leavesOf(value: unknown, keys: readonly string[]): Array<readonly string[]> {
  if (!isPlainObject(value) || Object.keys(value).length === 0) return [keys];
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, [...keys, key]));
}

function shownAt(config: Explainable, keys: readonly string[]): string {
  const node = nodeAt(config.parts.root, keys);
  const secret = config.isSecret(keys);
  // A list as it is written keeps apart which of its items are secret.
  if (node?.kind === 'list') return showNode(node, config.parts.problems.isSecret(keys));
  if (node?.kind === 'scalar' && node.written !== undefined) return node.written;
  return showValue(valueAt(config.value, keys), secret);
}
