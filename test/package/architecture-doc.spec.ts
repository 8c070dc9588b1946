import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { CONFIG_TABLE, CORE_TABLE, WIRE_TABLE } from './import-table.js';
import { eachNode, parseSource, readSources } from './source-files.js';
import { ROOT } from './published.js';

const textOf = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const page = textOf('docs/architecture.md');

/** The first cells of the table under a heading, as far as they are code. */
function roomsUnder(heading: string): string[] {
  const [, rest = ''] = page.split(`\n## ${heading}\n`);
  const [section = ''] = rest.split(/\n#+ /);
  return [...section.matchAll(/^\| `([\w-]+)`/gm)].map(([, room = '']) => room);
}

/** Rooms of a table, without those inside of others and without single files. */
function roomsOf(table: Readonly<Record<string, readonly string[]>>, src: string): string[] {
  const names = Object.keys(table).map(
    (name) => name.replace(/^kun-(?:config|wire)\//, '').split('/')[0] ?? '',
  );
  const there = [...new Set(names)].filter((name) => existsSync(join(ROOT, src, name)));
  return there.filter((name) => statSync(join(ROOT, src, name)).isDirectory());
}

/** The interceptors of a chain as its source lists them, the first outermost, in the words of the drawings. */
function chainIn(file: string): string[] {
  const { tree } = parseSource(file, textOf(file));
  const chains: string[][] = [];
  eachNode(tree, (node) => {
    if (!ts.isReturnStatement(node) || !node.expression) return;
    const list = ts.isCallExpression(node.expression) ? node.expression.expression : undefined;
    const array = list && ts.isPropertyAccessExpression(list) ? list.expression : undefined;
    if (array && ts.isArrayLiteralExpression(array)) chains.push(array.elements.map(wordsOf));
  });
  expect(chains).toHaveLength(1);
  return chains[0] ?? [];
}

/** `payload logging` for an element that makes a `payloadLoggingInterceptor(...)`, `yours` for the service's own. */
function wordsOf(element: ts.Expression): string {
  if (ts.isSpreadElement(element)) return 'yours';
  const text = element.getText();
  const factories = [...text.matchAll(/\b(\w+)Interceptor\(/g)].map(([, name = '']) => name);
  const name = factories.findLast((factory) => factory !== 'rebuilt') ?? text.replace(/^parts\./, '');
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** The entries of a drawing. */
function drawn(language: string): string[] {
  const [, text = ''] = new RegExp(`^\`\`\`text ${language}\\n([\\s\\S]*?)^\`\`\``, 'm').exec(page) ?? [];
  return text
    .split('─▶')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

describe('docs/architecture.md', () => {
  it.each([
    ['Folders of `@kun/core`', CORE_TABLE, 'libs/kun-core/src'],
    ['Folders of `@kun/config`', CONFIG_TABLE, 'libs/kun-config/src'],
    ['Folders of `@kun/wire`', WIRE_TABLE, 'libs/kun-wire/src'],
  ] as const)('names the rooms that there are: %s', (heading, table, src) => {
    const folders = globSync('*/', { cwd: join(ROOT, src) }).map((name) => name.replace(/\/$/, ''));
    expect(roomsUnder(heading).toSorted()).toEqual(folders.toSorted());
    expect(roomsOf(table, src).toSorted()).toEqual(folders.toSorted());
  });

  it('lists the rooms of the core from the bottom up', () => {
    const rooms = roomsUnder('Folders of `@kun/core`');
    const roomOf = (name: string) => name.split('/')[0] ?? '';
    const upwards = Object.entries(CORE_TABLE).flatMap(([from, to]) =>
      to
        .map((name) => [roomOf(from), roomOf(name)] as const)
        .filter(([above, below]) => rooms.includes(above) && rooms.indexOf(below) > rooms.indexOf(above)),
    );
    expect(upwards).toEqual([]);
  });

  it.each(['server', 'client'])("draws the %s's chain as it is composed", (side) => {
    const chain = chainIn(`libs/kun-core/src/${side}/default-interceptors.ts`);
    expect(chain.length).toBeGreaterThan(8);
    expect(drawn(`${side} chain`)).toEqual(chain);
  });

  it.each(['README.md', 'libs/kun-core/src/rpc/interceptor.ts'])('%s draws no other chain', (file) => {
    const [, line = ''] = /call ──▶ ┌ (.*) ┐/.exec(textOf(file)) ?? [];
    const shown = line.split(' ─ ');
    const chain = chainIn('libs/kun-core/src/server/default-interceptors.ts');
    expect(shown.length).toBeGreaterThan(5);
    expect(chain.filter((entry) => shown.includes(entry))).toEqual(shown);
  });

  it('has a branch for every cause of an ending, and no other', () => {
    const declared = readSources(ROOT, ['libs/kun-core/src/rpc/*.ts']).find(({ text }) =>
      text.includes('export interface Ending {'),
    );
    const causes: string[] = [];
    eachNode(declared?.tree ?? parseSource('', '').tree, (node) => {
      if (!ts.isInterfaceDeclaration(node) || node.name.text !== 'Ending') return;
      const cause = node.members.find((member) => member.name?.getText() === 'cause');
      causes.push(...[...(cause?.getText() ?? '').matchAll(/'(\w+)'/g)].map(([, name = '']) => name));
    });
    expect(causes.length).toBeGreaterThan(2);
    const branches = [...page.matchAll(/ \[(\w+)\]$/gm)].map(([, cause = '']) => cause);
    expect([...new Set(branches)].toSorted()).toEqual(['refused', ...causes].toSorted());
    expect(roomsUnder('The life of a call on the server').toSorted()).toEqual(causes.toSorted());
  });
});
