import { execFile } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { requireNpmPackages } from '../peers/npm-packages.js';
import { ENTRIES } from './api-report.js';
import { ROOT } from './published.js';

const run = promisify(execFile);
const OUTPUT = join(ROOT, '.cache/site');

describe('the site', () => {
  beforeAll(async () => {
    const site = dirname(await requireNpmPackages(join(ROOT, 'site'), 'site'));
    // It refuses links to pages that there are not.
    await run(process.execPath, [join(site, 'build.mjs')], {
      cwd: site,
      env: { ...process.env, KUN_SITE_REPOSITORY: ROOT },
      maxBuffer: 64 * 1024 * 1024,
    });
  }, 300_000);

  it('has every guide, each in the sidebar', () => {
    const index = readFileSync(join(OUTPUT, 'index.html'), 'utf8');
    const guides = globSync('docs/*.md', { cwd: ROOT })
      .map((file) => file.slice('docs/'.length, -'.md'.length))
      .filter((name) => name !== 'README');
    expect(guides.length).toBeGreaterThan(15);
    expect(guides.filter((name) => !existsSync(join(OUTPUT, `${name}.html`)))).toEqual([]);
    expect(guides.filter((name) => !index.includes(`href="/${name}"`))).toEqual([]);
  });

  it('has a page for every exported class and function of each entry point', () => {
    for (const { specifier } of ENTRIES) {
      const entry = specifier.slice('@kun/'.length);
      const report = join(ROOT, `docs/api/kun-${entry.replaceAll('/', '-')}.api.md`);
      const declared = readFileSync(report, 'utf8').matchAll(
        /^export (?:declare )?(?:abstract )?(?:class|function) (\w+)/gm,
      );
      // What two entry points export stands with the first.
      const folders = [entry, dirname(entry)].map((folder) => join(OUTPUT, 'reference/@kun', folder));
      const pages = new Set(
        globSync(folders.map((folder) => `${folder}/*/*.html`)).map((page) => basename(page)),
      );
      const names = [...new Set([...declared].map(([, name]) => `${name}.html`))];
      expect(names.length, entry).toBeGreaterThan(0);
      expect(names.filter((name) => !pages.has(name))).toEqual([]);
    }
  });

  it('is searched without a network: the index is part of it, and nothing is loaded from elsewhere', () => {
    const scripts = globSync('assets/**/*.js', { cwd: OUTPUT }).map((file) => join(OUTPUT, file));
    const [index] = scripts.filter((file) => file.includes('localSearchIndex'));
    expect(readFileSync(index!, 'utf8').includes('grpcgracefulstoptimeout')).toBe(true);
    for (const page of globSync('**/*.html', { cwd: OUTPUT })) {
      const html = readFileSync(join(OUTPUT, page), 'utf8');
      expect(
        html.match(/<(?:script|link|img|iframe)[^>]* (?:src|href)="(?:https?:)?\/\/[^"]*"/g),
        page,
      ).toBeNull();
    }
  });
});
