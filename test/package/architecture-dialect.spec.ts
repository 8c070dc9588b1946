import { describe, expect, it } from 'vitest';
import type { Rule } from './architecture-rules.js';
import { privateMembers } from './dialect-rules.js';
import { ROOT } from './published.js';
import { parseSource, readSources } from './source-files.js';

const everything = readSources(ROOT, ['{libs,apps,examples,test}/**/*.ts']).filter(
  ({ path }) => !/(?:^|\/)(?:dist|gen|fixtures)\//.test(path),
);

describe('the dialect', () => {
  it('is looked at as a whole', () => {
    expect(everything.length).toBeGreaterThan(800);
  });

  it.each<[string, Rule]>([['has one kind of private members, and # where it must be', privateMembers()]])(
    '%s',
    (_, rule) => {
      expect(rule(everything)).toEqual([]);
    },
  );
});

describe('its rules', () => {
  it('find members that are private by #, a mixture, and exceptions that nobody needs', () => {
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
});

function planted(files: Record<string, string>) {
  return Object.entries(files).map(([name, text]) => parseSource(`src/${name}`, text));
}
