import type { ConfigNode, MapNode } from '../files/config-node.js';
import { isPlainObject } from '../plain-object.js';
import type { SchemaView } from './schema-view.js';

type Report = (path: readonly string[]) => void;

/** Keys that some schema was given and did not read. At the top they count only if no other schema reads them. */
export class UnknownKeys {
  private readonly readKeys = new Set<string>();
  private readonly found = new Map<string, readonly string[]>();

  read(key: string): void {
    this.readKeys.add(key);
  }

  add(path: readonly PropertyKey[]): void {
    this.found.set(JSON.stringify(path.map(String)), path.map(String));
  }

  paths(root: MapNode): Array<readonly string[]> {
    const deep = [...this.found.values()].filter(({ length }) => length > 1);
    const top = [...root.entries.keys()].filter((key) => !this.readKeys.has(key));
    return [...deep, ...top.map((key) => [key])];
  }
}

/** Finds the keys that validation dropped, by comparing what went in with what came out. */
export function unknownByOutput(
  node: ConfigNode,
  output: unknown,
  view: SchemaView,
  path: readonly string[],
  report: Report,
): void {
  if (node.kind === 'map' && isPlainObject(output)) {
    for (const [key, child] of node.entries) {
      if (child.kind === 'unset') {
        if (view.refuses(path, key)) report([...path, key]);
      } else if (Object.hasOwn(output, key)) {
        unknownByOutput(child, output[key], view, [...path, key], report);
      } else if (!isLeftOut(child) && !view.declares(path, key)) report([...path, key]);
    }
  } else if (node.kind === 'list' && Array.isArray(output) && output.length === node.items.length) {
    for (const [index, item] of node.items.entries()) {
      unknownByOutput(item, output[index], view, [...path, String(index)], report);
    }
  }
}

/** Whether a value was kept from the schema because it was missing outside. */
function isLeftOut(node: ConfigNode): boolean {
  return node.kind === 'scalar' && node.unresolved === true;
}

/** The same from the schema alone, for when validation failed and nothing came out. */
export function unknownBySchema(
  node: ConfigNode,
  view: SchemaView,
  path: readonly string[],
  report: Report,
): void {
  if (node.kind === 'map') {
    for (const [key, child] of node.entries) {
      if (view.refuses(path, key)) report([...path, key]);
      else if (child.kind === 'map' || child.kind === 'list')
        unknownBySchema(child, view, [...path, key], report);
    }
  } else if (node.kind === 'list') {
    for (const [index, item] of node.items.entries())
      unknownBySchema(item, view, [...path, String(index)], report);
  }
}
