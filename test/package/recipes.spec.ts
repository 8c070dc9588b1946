import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildFixtures } from '../e2e/fixture-program.js';
import { NODE, RunningProcess } from '../e2e/running-process.js';
import { blocksOf } from './markdown.js';
import { ROOT } from './published.js';

const markdown = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');

/** The recipes with their diffs, by their headings. */
const recipes = markdown
  .split(/^### /m)
  .slice(1)
  .map((text) => {
    const diffs = blocksOf('CONTRIBUTING.md', text).filter(({ language }) => language === 'diff');
    return { name: text.split('\n')[0] ?? '', diff: diffs.map((block) => block.text).join('') };
  });

/** What a service built with all of them said, by the heading. */
let seen: ReadonlyMap<string, unknown>;
mkdirSync(join(ROOT, '.cache'), { recursive: true });
// Within the repository, whose dependencies it finds; the packages it meets are its own.
const copy = mkdtempSync(join(ROOT, '.cache/recipes-'));
afterAll(() => rmSync(copy, { recursive: true }));

beforeAll(async () => {
  const core = join(copy, 'libs/kun-core');
  cpSync(join(ROOT, 'libs/kun-core'), core, { recursive: true, filter: isSource });
  for (const { diff } of recipes) apply(diff);
  writeFileSync(join(core, 'tsconfig.json'), JSON.stringify(tsconfig()));
  execFileSync(NODE, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', core], { encoding: 'utf8' });
  mkdirSync(join(copy, 'node_modules/@kun'), { recursive: true });
  symlinkSync(core, join(copy, 'node_modules/@kun/core'));
  await using fixtures = await buildFixtures();
  cpSync(join(fixtures.main('recipes'), '..'), join(copy, 'program'), {
    recursive: true,
    filter: (path) => !path.endsWith('node_modules'),
  });
  await using program = new RunningProcess(NODE, [join(copy, 'program/recipes.js')]);
  const { code } = await program.end;
  if (code !== 0) throw new Error(program.stderr);
  seen = new Map(program.lines.map((line) => [line.msg, line['seen']]));
}, 180_000);

describe('the recipes of CONTRIBUTING.md', () => {
  it('are those for a key, an interceptor, a check and a phase', () => {
    expect(recipes.map(({ name }) => name)).toEqual([
      'A configuration key',
      'An interceptor',
      'A probe check',
      'A start and stop phase',
    ]);
  });

  it.each(recipes)('touch one existing source file, and add at most one: $name', ({ diff }) => {
    const [changed, added] = [filesIn(diff, '--- a/'), filesIn(diff, '--- /dev/null\n+++ b/')];
    expect(changed).toHaveLength(1);
    expect(added.length).toBeLessThanOrEqual(1);
    expect([...changed, ...added].filter((file) => !/^libs\/kun-core\/src\/.+\.ts$/.test(file))).toEqual([]);
    expect(existsSync(join(ROOT, changed[0] ?? ''))).toBe(true);
  });

  it('make a key that is read in the name of the code, and refused with its place', () => {
    expect(seen.get('A configuration key')).toBe('x-who');
    expect(seen.get('A key that is wrong')).toContain('GRPCServer.CallerHeader: expected a string');
  });

  it('make an interceptor that sees each call', () => {
    expect(seen.get('An interceptor')).toMatchObject({ msg: 'finished call', tags: { caller: 'ada' } });
  });

  it('make a check that shows in the readiness', () => {
    expect(seen.get('A probe check')).toMatchObject({ info: { memory: { status: 'up' } } });
  });

  it('make a phase that runs in the start and in the stop, and counts against the grace period', () => {
    const { messages, steps } = seen.get('A start and stop phase') as Record<string, string[]>;
    const inOrder = ['entered in the registry', 'serving', 'taken out of the registry', 'stopped'];
    expect(messages?.filter((message) => inOrder.includes(message))).toEqual(inOrder);
    expect(steps?.slice(0, 3)).toEqual(['readiness', 'registry', 'gRPC port']);
    expect(messages?.find((message) => message?.includes('a stop may take'))).toContain('(registry 2 + ');
  });
});

/** Applies a diff without numbers of lines: its context says where, and must be there once. */
function apply(diff: string): void {
  for (const part of diff.split(/^(?=--- )/m)) {
    const [header = '', ...hunks] = part.split(/^@@\n/m);
    const file = join(copy, /^\+\+\+ b\/(.+)$/m.exec(header)?.[1] ?? '');
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    writeFileSync(file, hunks.reduce(applyHunk, text));
  }
}

function applyHunk(text: string, hunk: string): string {
  const lines = hunk.replace(/\n$/, '').split('\n');
  const kept = (sign: string) =>
    lines.flatMap((line) => (line.startsWith(sign) ? [] : [`${line.slice(1)}\n`])).join('');
  const before = kept('+');
  if (before !== '' && text.split(before).length !== 2) throw new Error(`not there once:\n${before}`);
  return before === '' ? kept('-') : text.replace(before, () => kept('-'));
}

function filesIn(diff: string, before: string): string[] {
  return diff
    .split(before)
    .slice(1)
    .map((rest) => rest.split('\n')[0] ?? '');
}

function isSource(path: string): boolean {
  return !/\/(?:dist|node_modules)(?:\/|$)|\.(?:spec|fixture)\.ts$/.test(path.slice(ROOT.length));
}

/** As the package's own, without what is only for building it with the others. */
function tsconfig(): object {
  return {
    extends: join(ROOT, 'tsconfig.json'),
    compilerOptions: {
      rootDir: 'src',
      outDir: 'dist',
      declaration: false,
      declarationMap: false,
      sourceMap: false,
    },
    include: ['src/**/*.ts'],
  };
}
