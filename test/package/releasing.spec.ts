import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { PACKAGES, readJson, readManifest, ROOT } from './published.js';

const page = readFileSync(join(ROOT, 'RELEASING.md'), 'utf8');
const commands = [...page.matchAll(/^ {3}```sh\n([\s\S]*?)^ {3}```/gm)].flatMap(([, block = '']) =>
  block.trim().split(/\n */),
);

const root = z.object({ workspaces: z.array(z.string()), scripts: z.record(z.string(), z.string()) });
const versioned = z.object({
  version: z.string(),
  dependencies: z.record(z.string(), z.string()).default({}),
});

describe('RELEASING.md', () => {
  it('has commands whose scripts, files and packages exist', () => {
    const { scripts } = root.parse(readJson('package.json'));
    const named = commands.flatMap((command) => /^npm run (\S+)/.exec(command)?.[1] ?? []);
    expect(named.length).toBeGreaterThan(1);
    expect(named.filter((script) => !(script in scripts))).toEqual([]);
    const paths = commands.flatMap((command) => command.match(/(?:^\.ci|\btest)\/\S+/g) ?? []);
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('publishes each package, after those that it depends on', () => {
    const published = commands.flatMap(
      (command) => /^npm publish --workspace (\S+)/.exec(command)?.[1] ?? [],
    );
    const manifests = PACKAGES.map(readManifest);
    // What a new service asks for is there before anybody can make one.
    expect(published.at(-1)).toBe('create-kun');
    expect(published.toSorted()).toEqual(['create-kun', ...manifests.map(({ name }) => name)].toSorted());
    for (const { name, dependencies } of manifests) {
      const later = published.slice(published.indexOf(name));
      expect(Object.keys(dependencies).filter((dependency) => later.includes(dependency))).toEqual([]);
    }
  });

  it('begins with one version everywhere, and a changelog that the workflow can be asked for', () => {
    const { workspaces } = root.parse(readJson('package.json'));
    const files = globSync(['package.json', ...workspaces.map((entry) => `${entry}/package.json`)], {
      cwd: ROOT,
    });
    const versions = files
      .filter((file) => !file.startsWith('examples/'))
      .map((file) => versioned.parse(readJson(file)).version);
    expect(new Set(versions).size).toBe(1);
    const headings = readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8').match(/^## .*$/gm) ?? [];
    expect(headings[0]).toBe('## [Unreleased]');
    expect(
      headings.slice(1).filter((line) => !/^## \[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d$/.test(line)),
    ).toEqual([]);
    const workflow = readFileSync(join(ROOT, '.github/workflows/publish.yml'), 'utf8');
    expect(workflow).toContain('grep -q "^## \\[${GITHUB_REF_NAME#v}\\] - " CHANGELOG.md');
  });
});
