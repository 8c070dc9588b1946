import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDocument, stringify } from 'yaml';
import { loadConfig } from '../load/load-config.js';
import { TestingTree } from '../../test/testing-tree.js';

interface Tree {
  [key: string]: Value;
}
type Value = boolean | number | string | null | Value[] | Tree;

const KEYS = ['a', 'b', 'c', 'Port', 'x y', '0', 'constructor', 'toString'] as const;
const scalar = fc.constantFrom<Value>(
  false,
  true,
  0,
  1,
  -0.5,
  '',
  'text',
  'no',
  '0',
  'null',
  'two\nlines\n',
  null,
);
const { tree } = fc.letrec<{ value: Value; tree: Tree }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    tie('tree'),
    fc.array(tie('value'), { maxLength: 3 }),
  ),
  tree: fc.dictionary(fc.constantFrom(...KEYS), tie('value'), { maxKeys: 5, noNullPrototype: true }),
}));

/** What the layers mean, in the fewest words: later wins by presence, maps merge, null unsets. */
function model(layers: readonly Tree[]): Tree {
  const merged: Tree = {};
  for (const layer of layers) {
    for (const [key, value] of Object.entries(layer)) {
      const outer = merged[key];
      if (value === null) delete merged[key];
      else if (isTree(value)) merged[key] = model([isTree(outer) ? outer : {}, value]);
      else merged[key] = Array.isArray(value) ? value.map(inList) : value;
    }
  }
  return merged;
}

/** A map within a list is whole, so there its nulls only mean absence. */
function inList(value: Value): Value {
  if (Array.isArray(value)) return value.map(inList);
  return isTree(value) ? model([value]) : value;
}

function isTree(value: Value | undefined): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function leaves(value: Value, path: string[] = []): Array<[string[], Value]> {
  if (Array.isArray(value))
    return [[path, value], ...value.flatMap((item, n) => leaves(item, [...path, String(n)]))];
  if (!isTree(value)) return [[path, value]];
  return Object.entries(value).flatMap(([key, child]) => leaves(child, [...path, key]));
}

const FILES = ['conf/public.yaml', 'conf/s/public.yaml', 'conf/s/c/public.yaml', 'conf/s/c/i/public.yaml'];

/** The value that stands at a position of a YAML text. */
function standsAt(text: string, line: number, column: number): Value {
  const offset =
    text
      .split('\n')
      .slice(0, line - 1)
      .join('\n').length +
    (line > 1 ? 1 : 0) +
    column -
    1;
  const document = parseDocument(text);
  let found: Value | undefined;
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    if ('range' in node && Array.isArray(node.range) && node.range[0] === offset && 'toJS' in node) {
      if (typeof node.toJS === 'function' && found === undefined) found = node.toJS(document);
    }
    if ('items' in node && Array.isArray(node.items)) node.items.forEach(visit);
    if ('value' in node) visit(node.value);
  };
  visit(document.contents);
  if (found === undefined) throw new Error(`nothing stands at ${line}:${column}`);
  return found;
}

describe('four layers', () => {
  it('merge like the reference model, and each leaf stands where its origin says', async () => {
    await using tmp = await TestingTree.of({});
    const styles = fc.constantFrom(
      { collectionStyle: 'flow' as const },
      { collectionStyle: 'block' as const },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(tree, { minLength: 4, maxLength: 4 }), styles, async (layers, style) => {
        const texts = layers.map((layer) => stringify(layer, style));
        await tmp.write(Object.fromEntries(FILES.map((file, n) => [file, texts[n] ?? ''])));
        const loaded = await loadConfig({ base: tmp.base, service: 's', cluster: 'c', instance: 'i' });
        expect(loaded.value).toEqual(model(layers));
        for (const [path, value] of leaves(model(layers))) {
          const place = loaded.origin(path)?.place;
          const text = texts[FILES.findIndex((file) => tmp.path(file) === place?.file)];
          const written = standsAt(text ?? '', place?.line ?? 0, place?.column ?? 0);
          expect(inList(written)).toEqual(value);
        }
      }),
      { numRuns: 200 },
    );
  }, 30_000);

  it('know everything that a value hides, nearest first', async () => {
    await using tmp = await TestingTree.of(
      Object.fromEntries(FILES.map((file, n) => [file, n === 2 ? 'a: null' : `a: ${n}`])),
    );
    const loaded = await loadConfig({ base: tmp.base, service: 's', cluster: 'c', instance: 'i' });
    expect(loaded.origin('a')?.place?.layer).toBe('Instance');
    expect(loaded.origin('a')?.hid.map(({ layer, shown }) => [layer, shown])).toEqual([
      ['Cluster', 'null'],
      ['Service', '1'],
      ['Namespace', '0'],
    ]);
  });
});
