import { describe, expect, it } from 'vitest';
import type { Rule } from './architecture-rules.js';
import { errorNames, importOrder, privateMembers, readonlyOptions, throwsTags } from './dialect-rules.js';
import { ROOT } from './published.js';
import { parseSource, readSources } from './source-files.js';

const everything = readSources(ROOT, ['{libs,apps,examples,test}/**/*.ts']).filter(
  ({ path }) => !/(?:^|\/)(?:dist|gen|fixtures)\//.test(path),
);

describe('the dialect', () => {
  it('is looked at as a whole', () => {
    expect(everything.length).toBeGreaterThan(800);
  });

  it.each<[string, Rule]>([
    ['has one kind of private members, and # where it must be', privateMembers()],
    ['says of each error when it is thrown', throwsTags],
    ['imports from near to far', importOrder],
    ['calls every error one', errorNames],
    ['has options that nobody can change', readonlyOptions],
  ])('%s', (_, rule) => {
    expect(rule(everything)).toEqual([]);
  });
});

describe('its rules', () => {
  it('find members that are private by #, a mixture, and unused exceptions', () => {
    const files = planted({
      'a.ts': 'class A {\n  #b = 1;\n  static async #c() {}\n  private d = "#e";\n}',
      'f.ts':
        'class F {\n  #g = 1;\n  private constructor(private readonly h: number) {}\n  private i() {}\n}',
    });
    const exceptions = ['f', 'j'].map((name) => ({ path: `src/${name}.ts`, reason: 'planted' }));
    expect(privateMembers(exceptions)(files)).toEqual([
      'src/a.ts:2 is private by #',
      'src/a.ts:3 is private by #',
      'src/f.ts:4 is private, others there by #',
      'the exception for src/j.ts is not needed any more',
    ]);
  });

  it('find an error without a type, a sentence without an end, and two errors in one tag', () => {
    const tags = [
      '{AError} when it is {@link B}.',
      '{AError | BError} with all that is wrong,\n * line by line.',
      '{unknown} when it throws.',
      'AError when it is late.',
      '{AError} when it is late',
      '{AError} late.',
      '{AError} when it is late; {BError} when it is early.',
    ];
    const [file] = planted({ 'a.ts': '/** @throws {AError} for one line. */\nfunction a() {}' });
    const files = planted({ 'b.ts': tags.map((tag) => `/**\n * B.\n *\n * @throws ${tag}\n */\n`).join('') });
    expect(throwsTags([...files, ...(file ? [file] : [])]).map((line) => line.slice(9))).toEqual([
      `20 @throws AError when it is late.`,
      `25 @throws {AError} when it is late`,
      `30 @throws {AError} late.`,
      `35 @throws {AError} when it is late; {BError} when it is early.`,
    ]);
  });

  it('find an import that comes too late', () => {
    const files = planted({
      'a.ts': `import 'node:fs';\nimport 'b';\nimport '@kun/core';\nimport './c.js';\nimport '../d.js';`,
      'e.ts': `import './c.js';\nimport { b } from 'b';\nimport type { F } from 'node:fs';`,
    });
    expect(importOrder(files)).toEqual([
      'src/e.ts:2 b comes after a file',
      'src/e.ts:3 node:fs comes after a file',
    ]);
  });

  it('find an error by another name', () => {
    const files = planted({
      'a.ts': 'class Refusal extends Error {}\nclass B extends StartError {}\nclass CError extends Error {}',
    });
    expect(errorNames(files)).toEqual([
      'src/a.ts:1 Refusal is an error by another name',
      'src/a.ts:2 B is an error by another name',
    ]);
  });

  it('find an option that can be changed', () => {
    const files = planted({
      'a.ts':
        'interface AOptions {\n  readonly b: 1;\n  c: 2;\n  d(): void;\n}\ninterface Other {\n  e: 3;\n}',
    });
    expect(readonlyOptions(files)).toEqual(['src/a.ts:3 AOptions can be changed by whoever gets it']);
  });
});

function planted(files: Record<string, string>) {
  return Object.entries(files).map(([name, text]) => parseSource(`src/${name}`, text));
}
