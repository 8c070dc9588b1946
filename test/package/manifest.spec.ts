import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { pack, PACKAGES, readJson, readManifest, ROOT } from './published.js';
import { parseSource, readSources, type SourceFile } from './source-files.js';

/** Entries that are there for one thing, which may be a single name. */
const ENTRIES_OF_ONE_THING: readonly string[] = ['./protobuf-es', './protovalidate'];

const directory = mkdtempSync(join(tmpdir(), 'kun-manifest-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const sourceMap = z.object({ sources: z.array(z.string()), sourceRoot: z.string().optional() });

const lockEntry = z.object({
  version: z.string().optional(),
  optionalDependencies: z.record(z.string(), z.string()).default({}),
});

describe.each(PACKAGES)('%s', (name) => {
  const manifest = readManifest(name);
  const declared = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
  let files: string[];
  let linted: ReturnType<typeof publint>;

  beforeAll(async () => {
    ({ files } = await pack(name, directory));
    linted = publint({ pkgDir: join(ROOT, 'libs', name), pack: 'npm', strict: true });
    await linted;
  }, 60_000);

  it.each(['src/**/*.ts', 'dist/**/*.js', 'dist/**/*.d.ts'])('declares every import of %s', (pattern) => {
    const sources = readSources(ROOT, [`libs/${name}/${pattern}`]).filter(
      ({ path }) => !/\.(?:spec|fixture)\./.test(path),
    );
    expect(sources.length).toBeGreaterThan(10);
    expect(undeclared(sources, declared)).toEqual([]);
  });

  it('declares nothing that it does not import', () => {
    const imported = new Set(
      readSources(ROOT, [`libs/${name}/{src,page}/**/*.{ts,tsx}`]).flatMap(({ imports, text }) => [
        ...imports.map(({ specifier }) => packageOf(specifier)),
        // Optional ones are loaded by name, and some are the reason why an import of another package works.
        ...declared.filter((entry) => text.includes(`'${entry}'`)),
      ]),
    );
    const unused = declared.filter((entry) => !imported.has(entry) && !(entry in NOT_IMPORTED));
    expect(unused).toEqual([]);
  });

  it('has exports that exist, for the compiler and at run time', async () => {
    for (const [path, target] of Object.entries(manifest.exports)) {
      const targets = typeof target === 'string' ? { default: target } : target;
      for (const file of Object.values(targets)) expect(files, path).toContain(file.replace('./', ''));
      if (typeof target === 'string') continue;
      // The compiler takes the first that it knows; an entry of types alone is none at run time.
      expect(Object.keys(target)[0], path).toBe('types');
      if (target['default'] === undefined) continue;
      const entry: object = await import(join(manifest.name, path));
      expect(Object.keys(entry).length, path).toBeGreaterThan(ENTRIES_OF_ONE_THING.includes(path) ? 0 : 3);
    }
  });

  it('is packed with what is built, and says what it is', () => {
    expect(files).toContain('README.md');
    expect(files).toContain('LICENSE');
    const rest = files.filter(
      (file) =>
        !/^dist\/.+\.(?:js|d\.ts)(?:\.map)?$/.test(file) &&
        !/^src\/(?:README\.md|.+\.ts)$/.test(file) &&
        !/^page\/static\/[\w-]+\.(?:css|html|svg)$/.test(file),
    );
    const exported = JSON.stringify([manifest.exports, manifest.bin]);
    expect(rest.filter((file) => !exported.includes(`"./${file}"`)).toSorted()).toEqual([
      'LICENSE',
      'README.md',
    ]);
    expect(files.filter((file) => /\.(?:spec|fixture)\.|tsbuildinfo/.test(file))).toEqual([]);
  });

  it('has maps that lead to sources that are packed', () => {
    const maps = files.filter((file) => file.endsWith('.map'));
    expect(maps.length).toBeGreaterThan(10);
    const lost = maps.flatMap((map) => {
      const { sources, sourceRoot = '' } = sourceMap.parse(readJson(`libs/${name}/${map}`));
      return sources
        .map((source) => posix.join(posix.dirname(map), sourceRoot, source))
        .filter((source) => !files.includes(source))
        .map((source) => `${map} -> ${source}`);
    });
    expect(lost).toEqual([]);
  });

  it('says where it is developed, and where to report what is wrong', () => {
    const { repository, homepage, bugs, keywords } = manifest;
    const home = repository.url.replace(/^git\+/, '').replace(/\.git$/, '');
    expect(repository).toMatchObject({ type: 'git', directory: `libs/${name}` });
    expect(homepage).toBe(`${home}/tree/main/libs/${name}#readme`);
    expect(bugs.url).toBe(`${home}/issues`);
    expect(keywords).toContain(name === 'kun-wire' ? 'grpc' : 'nestjs');
  });

  it('asks for other packages by ranges, so that the one copy of a project can serve all', () => {
    const exact = Object.entries({ ...manifest.dependencies, ...manifest.peerDependencies }).filter(
      ([dependency, range]) => !dependency.startsWith('@kun/') && /^\d/.test(range),
    );
    // Nobody shares protobufjs with kun, and what it makes of messages is what kun promises: each release is tried first.
    expect(exact.filter(([dependency]) => dependency !== 'protobufjs')).toEqual([]);
  });

  it('has the licence of the repository', () => {
    expect(readFileSync(join(ROOT, 'libs', name, 'LICENSE'), 'utf8')).toBe(
      readFileSync(join(ROOT, 'LICENSE'), 'utf8'),
    );
    expect(manifest.license).toBe('MIT');
  });

  it('is found in order by publint', async () => {
    const { messages, pkg } = await linted;
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  });
});

describe('package-lock.json', () => {
  it('names no registry', () => {
    const text = readFileSync(join(ROOT, 'package-lock.json'), 'utf8');
    const resolved = [...text.matchAll(/"resolved": "([^"]*)"/g)].map((match) => match[1]);
    expect(resolved.filter((place) => place === undefined || !existsSync(join(ROOT, place)))).toEqual([]);
    expect(text).not.toMatch(/https?:\/\/[^"]*\.tgz/);
  });

  it('has the optional packages of every platform, without which npm ci refuses to work on any', () => {
    const { packages } = z
      .object({ packages: z.record(z.string(), lockEntry) })
      .parse(readJson('package-lock.json'));
    const missing = Object.entries(packages).flatMap(([path, { optionalDependencies }]) =>
      Object.keys(optionalDependencies).filter(
        (name) =>
          !packages[`${path}/node_modules/${name}`]?.version && !packages[`node_modules/${name}`]?.version,
      ),
    );
    expect(missing).toEqual([]);
  });
});

describe('package versions', () => {
  it('are one, and the packages ask for each other by it', () => {
    const { version } = readManifest('kun-core');
    expect(readManifest('kun-config').version).toBe(version);
    expect(readManifest('kun-wire').version).toBe(version);
    expect(readManifest('kun-core').dependencies).toMatchObject({
      '@kun/config': version,
      '@kun/wire': version,
    });
    expect(readJson('package.json')).toMatchObject({ version });
  });
});

describe('the look for undeclared imports', () => {
  it('finds them in every form, and leaves out what Node and the package have', () => {
    const text = [
      `import 'node:fs'; import 'fs'; import './b.js';`,
      `import type { A } from '@scope/types/deep';`,
      `export * from 'left-pad';`,
      `const c = await import('@nestjs/common');`,
      `type D = import('zod').ZodType;`,
    ].join('\n');
    expect(undeclared([parseSource('a.ts', text)], ['zod'])).toEqual([
      'a.ts:2 @scope/types',
      'a.ts:3 left-pad',
      'a.ts:4 @nestjs/common',
    ]);
  });
});

/** Declared for another reason than an import. */
const NOT_IMPORTED: Readonly<Record<string, string>> = {
  'reflect-metadata': 'Nest loads it, and wants the one of the application',
  rxjs: 'types of Nest that are part of ours come from it',
  '@nestjs/config': 'kun-config wants it, and the one of the application',
};

function undeclared(sources: readonly SourceFile[], declared: readonly string[]): string[] {
  return sources.flatMap(({ path, imports }) =>
    imports
      .map(({ specifier, line }) => ({ name: packageOf(specifier), line }))
      .filter(({ name }) => name !== undefined && !declared.includes(name))
      .map(({ name, line }) => `${path}:${line} ${name}`),
  );
}

/** `@scope/name` of `@scope/name/deep`; `undefined` for files and for what Node has. */
function packageOf(specifier: string): string | undefined {
  if (specifier.startsWith('.') || specifier.startsWith('node:')) return undefined;
  const [first = '', second = ''] = specifier.split('/');
  if (builtinModules.includes(first)) return undefined;
  return first.startsWith('@') ? `${first}/${second}` : first;
}
