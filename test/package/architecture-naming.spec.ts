import { describe, expect, it } from 'vitest';
import { confusableNames, fileNames } from './naming-rules.js';
import { ROOT } from './published.js';
import { parseSource, readSources } from './source-files.js';

const sources = readSources(ROOT, ['libs/*/src/**/*.ts']).filter(
  ({ path }) => !/\.spec\.ts$|\/gen\//.test(path),
);

describe('names', () => {
  it('are looked at as a whole', () => {
    expect(sources.length).toBeGreaterThan(450);
  });

  it('of files are those of what they export', () => {
    expect(fileNames()(sources)).toEqual([]);
  });

  it('of exports are not easily taken for each other', () => {
    expect(confusableNames(sources)).toEqual([]);
  });
});

describe('the rules', () => {
  const planted = (files: Record<string, string>) =>
    Object.entries(files).map(([name, text]) => parseSource(`libs/a/src/${name}`, text));

  it('find a file that is not named after its export, and an unused exception', () => {
    const files = planted({
      'compose-chain.ts': 'export function composeChain() {}',
      'chain.ts': 'export interface ChainOptions {}\nexport function composeChain() {}',
      'own-calls.ts': 'export class OpenCalls {}\nexport interface OpenOptions {}',
      'open-calls.ts': 'export class OpenCalls {}\nexport function countOf() {}',
      'limits.ts': 'export const MAX_BYTES = 1;',
      'words.ts': 'export const camel = 1, kebab = 2;',
      'index.ts': `export { a } from './a.js';`,
    });
    expect(fileNames(new Set(['libs/a/src/words.ts', 'libs/a/src/gone.ts']))(files)).toEqual([
      'libs/a/src/own-calls.ts is not called after OpenCalls, OpenOptions',
      'libs/a/src/limits.ts is not called after MAX_BYTES',
      'the exception for libs/a/src/gone.ts is not needed any more',
    ]);
  });

  it('find names with the same words in another order or form, but no plurals', () => {
    const files = planted({
      'a.ts': 'export class CallStream {}\nexport interface OpenUpstream {}\nexport type Call = 1;',
      'b.ts': 'export class StreamCall {}\nexport interface OpenedUpstream {}\nexport type Calls = Call[];',
      'c.ts': 'export function callStream() {}\nexport const streamCall = 1;',
    });
    expect(confusableNames(files)).toEqual([
      'libs/a/src/b.ts StreamCall is easily taken for CallStream',
      'libs/a/src/b.ts OpenedUpstream is easily taken for OpenUpstream',
    ]);
  });
});
