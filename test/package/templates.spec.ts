import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { readJson, readManifest, ROOT } from './published.js';

const textOf = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const files = globSync('.github/ISSUE_TEMPLATE/*.yml', { cwd: ROOT }).toSorted();
const forms = files.filter((file) => basename(file) !== 'config.yml');

/** What GitHub takes for a form. */
const formSchema = z.strictObject({
  name: z.string().min(1),
  description: z.string().min(1),
  labels: z.array(z.string()),
  body: z.array(
    z.discriminatedUnion('type', [
      z.strictObject({ type: z.literal('markdown'), attributes: z.strictObject({ value: z.string() }) }),
      z.strictObject({
        type: z.enum(['textarea', 'input', 'dropdown']),
        id: z.string().regex(/^[\w-]+$/),
        attributes: z.strictObject({
          label: z.string(),
          description: z.string().optional(),
          render: z.string().optional(),
          options: z.array(z.string()).min(2).optional(),
        }),
        validations: z.strictObject({ required: z.boolean() }).optional(),
      }),
    ]),
  ),
});

const configSchema = z.strictObject({
  blank_issues_enabled: z.boolean(),
  contact_links: z.array(z.strictObject({ name: z.string(), url: z.url(), about: z.string() })),
});

describe('the templates', () => {
  it.each(forms)('%s is a form', (file) => {
    const { body } = formSchema.parse(parse(textOf(file)));
    const ids = body.flatMap((field) => ('id' in field ? [field.id] : []));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThan(2);
  });

  it('lead to what is there, in the repository that the packages name', () => {
    const { contact_links: links } = configSchema.parse(parse(textOf('.github/ISSUE_TEMPLATE/config.yml')));
    const home = readManifest('kun-core').repository.url.replace(/^git\+|\.git$/g, '');
    expect(links.filter(({ url }) => !url.startsWith(`${home}/`))).toEqual([]);
    const paths = links.flatMap(({ url }) => url.split('/blob/main/')[1] ?? []);
    const named = [...files, '.github/pull_request_template.md'].flatMap((file) => [
      ...(textOf(file).match(/\b(?:docs|apps)\/[\w.-]+[\w]|\b[A-Z]+\.md/g) ?? []),
    ]);
    expect(named.length).toBeGreaterThan(2);
    expect([...paths, ...named].filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('name scripts that there are', () => {
    const { scripts } = z
      .object({ scripts: z.record(z.string(), z.string()) })
      .parse(readJson('package.json'));
    const named = [...textOf('.github/pull_request_template.md').matchAll(/npm run (\w+)/g)].map(
      ([, script = '']) => script,
    );
    expect(named.filter((script) => !(script in scripts))).toEqual([]);
  });
});
