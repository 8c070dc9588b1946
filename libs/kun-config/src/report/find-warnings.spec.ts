import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { TestingTree } from '../../test/testing-tree.js';
import { formatProblem } from './config-error.js';
import { loadConfig } from '../load/load-config.js';

const schema = z.object({
  Dial: z.object({ ProxyPort: z.int().optional(), Upstream: z.string().optional() }).prefault({}),
  Old: z.int().optional().meta({ deprecated: true, description: 'use New.' }),
  New: z.int().default(1),
});
type Settings = z.infer<typeof schema>;

function check({ Dial, New }: Settings) {
  return [
    ...(Dial.ProxyPort !== undefined && Dial.Upstream === undefined
      ? [
          {
            path: 'Dial.ProxyPort',
            message: 'has no effect without an upstream',
            severity: 'warning' as const,
          },
        ]
      : []),
    ...(New === 13
      ? [{ path: 'New', message: 'conflicts with good taste', severity: 'error' as const }]
      : []),
  ];
}

describe('warnings', () => {
  it('name what has no effect, is deprecated, or was most likely not meant', async () => {
    await using tree = await TestingTree.of({
      'conf/public.yaml': 'Old: 1\nDial:\n  Upstream: a\n',
      'conf/s/public.yaml': 'Dial:\n  # Upstream: b\n',
      'conf/s/c/public.yaml': 'Dial:\n  ProxyPort: 5\n',
    });
    const options = { base: tree.base, service: 's', schemas: [schema], checks: [check] };
    const lines = async (cluster?: string): Promise<string[]> =>
      (await loadConfig({ ...options, cluster })).warnings.map((each) =>
        formatProblem(each).replace(`${tree.base}/`, ''),
      );
    expect(await lines()).toEqual([
      'conf/public.yaml:1:1 Old: is deprecated: use New',
      `conf/s/public.yaml:1:1 Dial: is empty, which unsets the whole section of ${tree.path('conf/public.yaml')}:2; write null if that is meant`,
    ]);
    expect(await lines('c')).toEqual([
      'conf/public.yaml:1:1 Old: is deprecated: use New',
      'conf/s/c/public.yaml:2:3 Dial.ProxyPort: has no effect without an upstream',
    ]);
  });

  it('of a check can be errors, with their place', async () => {
    await using tree = await TestingTree.of({ 'conf/s/public.yaml': 'New: 13\n' });
    await expect(
      loadConfig({ base: tree.base, service: 's', schemas: [schema], checks: [check] }),
    ).rejects.toThrow(/public\.yaml:1:1 New: conflicts with good taste/);
  });

  it('survive a check and a schema that throw', async () => {
    await using tree = await TestingTree.of({ 'conf/s/public.yaml': '{}' });
    const broken = (): never => {
      throw new Error('out of order');
    };
    const options = { base: tree.base, service: 's' };
    await expect(loadConfig({ ...options, schemas: [schema], checks: [broken] })).rejects.toThrow(
      /conf\/s\/public\.yaml: the schema or a check of it failed: out of order/,
    );
    await expect(loadConfig({ ...options, schemas: [z.object({}).transform(broken)] })).rejects.toThrow(
      /out of order/,
    );
  });
});
