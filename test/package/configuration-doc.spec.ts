import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { settingsSchema } from '@kun/core';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ROOT } from './published.js';

const FILE = join(ROOT, 'docs/configuration.md');
const MARK = '<!-- Written by `npm run docs` from the schema. -->\n';

const keySchema = z.looseObject({
  description: z.string(),
  unit: z.string().optional(),
  reload: z.enum(['live', 'restart']),
  type: z.string().optional(),
  enum: z.array(z.string()).optional(),
  default: z.unknown().optional(),
});

describe('docs/configuration.md', () => {
  it('lists exactly the keys of the schema; npm run docs writes it', async () => {
    const text = readFileSync(FILE, 'utf8');
    const [before = ''] = text.split(MARK);
    expect(text).toContain(MARK);
    const tables = sections(z.toJSONSchema(settingsSchema, { io: 'input' })).join('\n\n');
    // With aligned columns, one longer description would change every line.
    const written = `${MARK}\n<!-- prettier-ignore-start -->\n\n${tables}\n\n<!-- prettier-ignore-end -->\n`;
    await expect(before + written).toMatchFileSnapshot(FILE);
  });
});

/** A table of the top-level keys and one for each section. */
function sections(schema: z.core.JSONSchema.BaseSchema): string[] {
  const entries = Object.entries(schema.properties ?? {});
  const top = entries.filter(([, node]) => !isSection(node));
  const dial = leaves(schema.properties?.['GRPCDial'], '').map(descriptionOf);
  return [
    table(top),
    ...entries
      .filter(([, node]) => isSection(node))
      .map(([name, node]) => {
        const keys = leaves(node, '');
        // Keys that every upstream shares with GRPCDial are listed once.
        const own = keys.filter(
          ([key, child]) => !dial.includes(descriptionOf([key.replace(/^\*\./, ''), child])),
        );
        if (!keys.some(([key]) => key.startsWith('*.'))) return `### ${name}\n\n${table(keys)}`;
        return `### ${name}\n\nUnder each name (\`*\`), all keys of GRPCDial for that upstream only, and:\n\n${table(own)}`;
      }),
  ];
}

type Key = readonly [name: string, node: unknown];

function leaves(node: unknown, prefix: string): Key[] {
  return childrenOf(node).flatMap(([name, child]): Key[] =>
    isSection(child) ? leaves(child, `${prefix}${name}.`) : [[prefix + name, child]],
  );
}

function descriptionOf([name, node]: Key): string {
  return `${name}: ${keySchema.safeParse(node).data?.description}`;
}

function table(keys: readonly Key[]): string {
  const head = ['| key | type | default | reload | description |', '| --- | --- | --- | --- | --- |'];
  return [...head, ...keys.map(row)].join('\n');
}

function row([name, node]: Key): string {
  const parsed = keySchema.safeParse(node);
  if (!parsed.success) throw new Error(`${name} has no description or no reload; use setting()`);
  const { description, reload, default: standard } = parsed.data;
  const value = standard === undefined ? '' : `\`${JSON.stringify(standard)}\``;
  const cells = [`\`${name}\``, typeOf(parsed.data), value, reload, description];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function typeOf({ enum: words, unit, type = '' }: z.output<typeof keySchema>): string {
  if (words) return words.map((word) => `\`${word}\``).join(' ');
  return unit ?? (type === 'array' ? 'list' : type || 'see description');
}

type Section = z.core.JSONSchema.BaseSchema;

function isSection(node: unknown): node is Section {
  return typeof node === 'object' && node !== null && childrenOf(node).length > 0;
}

/** The keys of a section; those of a map are listed once, under `*`. */
function childrenOf(node: unknown): Array<[string, unknown]> {
  const { properties, additionalProperties: each } = Object(node) as Section;
  if (properties) return Object.entries(properties);
  return typeof each === 'object' && childrenOf(each).length > 0 ? [['*', each]] : [];
}
