import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { malformed, SECRET } from '../../test/malformed.js';
import { TestingTree } from '../../test/testing-tree.js';
import { ConfigError } from '../report/config-error.js';
import { loadConfig } from './load-config.js';

const db = z
  .object({ Host: z.string(), Port: z.int(), Password: z.string(), Pool: z.record(z.string(), z.int()) })
  .partial();
const schema = z.object({
  Port: z.int().min(0).max(65535).default(1),
  TimeoutMs: z.number().min(0).default(0),
  Name: z.string().optional(),
  Tls: z.boolean().optional(),
  Level: z.enum(['debug', 'info', 'warn']).optional(),
  Tags: z.array(z.string()).optional(),
  Users: z.array(z.object({ Name: z.string(), Age: z.int().optional() })).optional(),
  Db: db.meta({ secret: true }).optional(),
  Other: db.optional(),
});

describe('malformed input', () => {
  it('has more than a hundred kinds in the corpus, each once', () => {
    expect(new Set(malformed.map(({ name }) => name)).size).toBe(malformed.length);
    expect(malformed.length).toBeGreaterThan(100);
  });

  it.each(malformed.filter((each) => each.problem))('$name is refused', async ({ text, files, problem }) => {
    await using tree = await TestingTree.of({ ...files, 'conf/s/public.yaml': text });
    const { result, elapsedMs } = await outcome(tree);
    if (!(result instanceof ConfigError)) throw new Error('nothing was refused', { cause: result });
    expect(elapsedMs).toBeLessThan(1_000);
    expect(result.message).toMatch(problem ?? '');
    expect(inspect(result, { depth: 9 })).not.toContain(SECRET);
    // Fit for a terminal and for a log line.
    // oxlint-disable-next-line no-control-regex -- that is what is looked for
    expect(result.message).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f]/);
    expect(result.message.length).toBeLessThan(100_000);
  });

  it.each(malformed.filter((each) => each.value))('$name is fine', async ({ text, files, value }) => {
    await using tree = await TestingTree.of({ ...files, 'conf/s/public.yaml': text });
    const { result, elapsedMs } = await outcome(tree);
    expect(elapsedMs).toBeLessThan(1_000);
    expect(result).toMatchObject({ value });
  });
});

async function outcome(tree: TestingTree): Promise<{ result: unknown; elapsedMs: number }> {
  // Of the processor, since the machine may have other things to do.
  const started = process.cpuUsage();
  const loading = loadConfig({ base: tree.base, service: 's', schemas: [schema] });
  const result: unknown = await loading.catch((error: unknown) => error);
  const { user, system } = process.cpuUsage(started);
  return { result, elapsedMs: (user + system) / 1000 };
}
