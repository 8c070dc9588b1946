import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { TestingTree } from '../test/testing-tree.js';
import { loadConfig } from './load/load-config.js';

describe('the README', () => {
  it('shows the errors as they are', async () => {
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
    const shown = /```text\n([^`]*?)\n```/.exec(readme)?.[1];
    await using tree = await TestingTree.of({
      'conf/public.yaml': 'Mail: { Retries: -1 }\n',
      'conf/shop/public.yaml': 'Mail:\n  Hots: mail.example.org\n  Tls: tru\n',
    });
    const settings = z.object({
      Mail: z.object({
        Host: z.string().optional(),
        Retries: z.int().min(0).default(3),
        Tls: z.boolean().default(true),
      }),
    });
    const error: unknown = await loadConfig({ base: tree.base, service: 'shop', schemas: [settings] }).catch(
      (caught: unknown) => caught,
    );
    expect(String(error).replace('ConfigError: ', '').replaceAll(`${tree.base}/`, '')).toBe(shown);
  });
});
