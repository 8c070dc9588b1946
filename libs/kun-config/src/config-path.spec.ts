import { ConfigService } from '@nestjs/config';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TestingTree } from '../test/testing-tree.js';
import { formatPath, parsePath, valueAt } from './config-path.js';
import { Configuration } from './live/configuration.js';
import { loadConfig } from './load/load-config.js';
import { LayeredConfigService } from './nest/layered-config-service.js';

const TEXT = `
Labels: { "app.kubernetes.io/name": a, "x.y": b, "a b": c, 'q"t': d, "": e, "0": f, "a[0]": g, "it's": h }
"top.key": i
List: [1, { "a.b": 2 }]
`;

describe('a path', () => {
  it.each<[string, unknown]>([
    ['Labels["app.kubernetes.io/name"]', 'a'],
    ["Labels['x.y']", 'b'],
    ['Labels.x.y', undefined],
    ['Labels["a b"]', 'c'],
    ['Labels["q\\"t"]', 'd'],
    ['Labels[""]', 'e'],
    ['Labels[0]', 'f'],
    ['Labels.0', 'f'],
    ['Labels["a[0]"]', 'g'],
    ["Labels['it\\'s']", 'h'],
    ['["top.key"]', 'i'],
    ['top.key', undefined],
    ['List[1]["a.b"]', 2],
    ['List.0', 1],
    ['List.length', undefined],
    ['Labels.constructor', undefined],
    ['Labels.toString', undefined],
    ['__proto__', undefined],
    ['Labels["open', undefined],
  ])('%s means the same to get, origin, explain and ConfigService', async (path, value) => {
    await using tree = await TestingTree.of({ 'conf/s/public.yaml': TEXT });
    const configuration = new Configuration<unknown>(await loadConfig({ base: tree.base, service: 's' }));
    const service: ConfigService = new LayeredConfigService(configuration);
    expect(configuration.get(path)).toBe(value);
    expect(service.get(path)).toBe(value);
    expect(service.get(path, 'instead')).toBe(value ?? 'instead');
    expect(configuration.origin(path) === undefined).toBe(value === undefined);
    expect(configuration.loaded.explain(path).length).toBe(value === undefined ? 0 : 1);
  });

  it('is read as it is written', () => {
    const keys = fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(keys, (path) => {
        expect(parsePath(formatPath(path))).toEqual(path);
        const value = path
          .toReversed()
          .reduce<unknown>((inner, key) => Object.fromEntries([[key, inner]]), 5);
        expect(valueAt(value, formatPath(path))).toBe(5);
      }),
    );
  });
});
