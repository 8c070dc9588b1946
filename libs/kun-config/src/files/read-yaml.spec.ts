import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SourceFile, toPlain, type Plain } from './config-node.js';
import { readYaml } from './read-yaml.js';

function read(text: string): { value: Plain | undefined; problems: string[] } {
  const source = new SourceFile('/x.yaml', 'Service', text);
  const { root, problems } = readYaml(source, { outside: true });
  return {
    value: root && toPlain(root),
    problems: problems.map(({ offset, message }) => {
      const { line, column } = source.place(offset);
      return `${line}:${column} ${message}`;
    }),
  };
}

describe('keys', () => {
  it.each([
    '0123',
    '1.10',
    '0x1F',
    '0o17',
    '1e3',
    '12345678901234567890',
    'true',
    'null',
    'No',
    '.5',
    '-0',
    '2026-11-25',
    '+1',
  ])('are text: %s', (key) => {
    expect(read(`${key}: a\n`).value).toEqual({ [key]: 'a' });
    expect(read(`{ ${key} : a}\n`).value).toEqual({ [key]: 'a' });
    expect(read(`? ${key}\n: a\n`).value).toEqual({ [key]: 'a' });
    expect(read(`${key}: a\n"${key}": b\n`).problems).toEqual(['2:1 is set twice, first in line 1']);
  });

  it('are text whatever number they look like', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.bigInt().map(String),
          fc.double({ noNaN: true }).map(String),
          fc.nat().map((n) => `0${n}`),
        ),
        (key) => {
          expect(read(`${key}: a\n`).value).toEqual({ [key]: 'a' });
        },
      ),
    );
  });
});

describe("YAML's own tags", () => {
  it.each([
    ['!!str 5', '5'],
    ['!!int "5"', 5],
    ['!!float 5.5', 5.5],
    ['!!bool "true"', true],
    ['!!map {a: 1}', { a: 1 }],
    ['!!seq [a]', ['a']],
    ['! 5', '5'],
  ])('%s is read', (text, value) => {
    expect(read(`V: ${text}\n`).value).toEqual({ V: value });
  });

  it.each([
    '!!binary aGk=',
    '!!binary |\n  aGk=',
    '!!set {a, b}',
    '!!omap [a: 1]',
    '!!ordered-map [a: 1]',
    '!!pairs [a: 1]',
    '!!timestamp 2020-01-01',
    '!!merge <<',
    '!!value =',
    '!!yaml x',
    '!!int x',
    '!!int []',
    '!!float 5',
    '!!bool 1',
    '!!null x',
    '!!str [a]',
    '!!str {a: 1}',
    '!!map [a]',
    '!!map x',
    '!!seq {a: 1}',
    '!!seq x',
    '!<tag:yaml.org,2002:binary> aGk=',
    '!!js/function x',
    '!custom x',
    '!<tag:example.org,2026:x> y',
  ])('%s is refused where it stands, and nothing else comes of it', (text) => {
    const { value, problems } = read(`A: 1\nV: ${text}\n`);
    expect(value).toBeUndefined();
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^2:\d+ has (the|a) tag/);
    const name = /^!!([a-z-]+)(?=\s)/.exec(text)?.[1];
    if (name !== undefined) expect(problems[0]).toContain(`!!${name}`);
  });

  it.each(['1.1', '1.0', '1.3', '2.0'])('%%YAML %s is refused', (version) => {
    const { value, problems } = read(`# a\n%YAML ${version}\n---\nV: yes\n`);
    expect(value).toBeUndefined();
    expect(problems).toEqual([
      `2:1 asks for YAML ${version}, but files are read as YAML 1.2; take the line away`,
    ]);
  });
});

describe('a number', () => {
  it.each([
    '9007199254740993',
    '12345678901234567890',
    '0.1000000000000000055511',
    '1e999',
    '3.14159265358979323846',
  ])('%s is marked, since none is exactly that', (text) => {
    const source = new SourceFile('/x.yaml', 'Service', `V: ${text}\n`);
    const { root } = readYaml(source);
    expect(root?.kind === 'map' && root.entries.get('V')).toMatchObject({ inexact: true });
  });

  it('is not marked when it is what is written', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.maxSafeInteger()),
        (number) => {
          // JavaScript itself prints the large ones with other last digits than they have.
          fc.pre(!/^-?\d+$/.test(String(number)) || BigInt(String(number)) === BigInt(number));
          const { root } = readYaml(new SourceFile('/x.yaml', 'Service', `V: ${number}\n`));
          expect(root?.kind === 'map' && root.entries.get('V')).not.toHaveProperty('inexact');
        },
      ),
    );
    for (const text of ['1.10', '007', '0x1F', '1e23', '.inf', '-.5', '1.', '100e-2', '9007199254740992']) {
      const { root } = readYaml(new SourceFile('/x.yaml', 'Service', `V: ${text}\n`));
      expect(root?.kind === 'map' && root.entries.get('V')).not.toHaveProperty('inexact');
    }
  });
});

describe('a text that is not YAML', () => {
  const deeper = 'is indented deeper than the line above, which has its value already; indent both alike';
  it.each([
    ['A: 1\n  B: 2\n  C: 3\nD:\n - 1\n  - 2\n', `2:3 ${deeper}`],
    ['A:\n  B: 1\n    C: 2\nD: 3\n', `3:5 ${deeper}`],
    ['A: "x"\n  B: 2\n', `2:3 ${deeper}`],
    ['L:\n  - a: 1\n     b: 2\n', `3:6 ${deeper}`],
    ['A:\nB: 1\n  C: 2\n', `3:3 ${deeper}`],
    ['A:\n    B: 1\n  C: 2\n', '3:3 is indented by 2 spaces, but what is above it by 0 and 4'],
    ['A:\n  B: 1\n C: 2\n', '3:2 is indented by 1 space, but what is above it by 0 and 2'],
    ['  A: 1\nB: 2\n', '2:1 is indented by 0 spaces, but what is above it by 2'],
    ['L:\n  - a\n - b\n', '3:2 is indented by 1 space, but what is above it by 0 and 2 and 4'],
    ['L:\n  - a: 1\n   b: 2\n', '3:4 is indented by 3 spaces, but what is above it by 0 and 2 and 4'],
    ['A: 1\n- a\n', '2:1 is an item of a list among keys; indent it below the key that it belongs to'],
    [
      'L:\n  - a\n  b: 1\n',
      '3:3 is a key among the items of a list; indent it like the key that the list belongs to',
    ],
    ['V: "abc\nW: 1\nX: 2\n', '1:4 the quote that opens here is not closed'],
    ["A: 1\nV: 'abc\nW: 1\n", '2:4 the quote that opens here is not closed'],
    ['V: "abc\nW: "x"\nX: 2\n', '1:4 the quote that opens here is not closed'],
    ['V: [a, "b\nW: 1\n', '1:8 the quote that opens here is not closed'],
    ['A: "x"\n"B: 1\n', '2:1 the quote that opens here is not closed'],
    ['V: [a, b\nW: 1\nX: 2\n', '1:4 the bracket that opens here is not closed'],
    ['V: [a, {b: 1}\nW: 1\n', '1:4 the bracket that opens here is not closed'],
    ['V: {a: 1\nW: 1\n', '1:4 the bracket that opens here is not closed'],
    ['{A: 1 B: 2}\n', '1:5 a comma or a closing bracket is missing before this'],
    ['Db:\n\tHost: a\n', '2:1 a tab cannot indent YAML; use spaces'],
    ['A: @x\nB: %x\n', '1:4 starts with a character that must be quoted'],
  ])('is told of once, where the mistake was made: %j', (text, problem) => {
    expect(read(text).problems).toEqual([problem]);
  });

  it('never repeats itself', () => {
    const letters = fc.constantFrom(
      'hunter2',
      ': ',
      '\n',
      '\n  ',
      '- ',
      '"',
      "'",
      '[',
      '{',
      '}',
      ']',
      '${',
      '\t',
      '#',
      '&',
      '*',
      '!',
      '|',
      '> ',
      ',',
    );
    fc.assert(
      fc.property(fc.array(letters, { maxLength: 30 }), (parts) => {
        const { problems } = read(`Password: ${parts.join('')}`);
        for (const problem of problems.filter((each) => !/uses \*/.test(each)))
          expect(problem).not.toContain('hunter2');
      }),
      { numRuns: 500 },
    );
  });
});
