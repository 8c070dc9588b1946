import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { anchorsOf, linksOf } from './markdown.js';
import { ROOT } from './published.js';

const documents = globSync(
  ['*.md', 'docs/*.md', '.github/*.md', '{libs,apps,examples}/**/*.md', 'test/bench/*.md'],
  { cwd: ROOT, exclude: (name) => /(?:^|\/)(?:node_modules|dist)$/.test(name) },
).toSorted();
const textOf = (file: string) => readFileSync(join(ROOT, file), 'utf8');

/** What is wrong with the relative links of a document. */
function broken(file: string, text: string): string[] {
  return linksOf(text).flatMap((link) => {
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? join(ROOT, file) : resolve(ROOT, dirname(file), path);
    if (relative(ROOT, target).startsWith('..')) return [`${file}: ${link} leaves the repository`];
    if (!existsSync(target)) return [`${file}: ${link} is not there`];
    if (anchor === undefined || statSync(target).isDirectory()) return [];
    const anchors = anchorsOf(path === '' ? text : readFileSync(target, 'utf8'));
    return anchors.includes(anchor) ? [] : [`${file}: ${link} has no such heading`];
  });
}

describe('the documents', () => {
  it('are found', () => {
    expect(documents).toEqual(
      expect.arrayContaining(['README.md', 'docs/limits.md', 'libs/kun-core/README.md', 'SECURITY.md']),
    );
  });

  it.each(documents)('%s has no broken links', (file) => {
    expect(broken(file, textOf(file))).toEqual([]);
  });

  it('are all in the table of contents, once each', () => {
    const guides = globSync('docs/**/*.md', { cwd: ROOT }).filter((file) => file !== 'docs/README.md');
    const linked = linksOf(textOf('docs/README.md')).map((link) =>
      relative(ROOT, resolve(ROOT, 'docs', link)),
    );
    expect(linked.filter((file) => file.startsWith('docs/')).toSorted()).toEqual(guides.toSorted());
    expect(linksOf(textOf('README.md'))).toContain('docs/README.md');
  });
});

describe('the changelog', () => {
  it('says nothing twice', () => {
    const bullets = textOf('CHANGELOG.md')
      .split(/^(?=- )/m)
      .slice(1);
    const said = bullets.map((bullet) => bullet.split(/\n(?! )/)[0]?.replaceAll(/\s+/g, ' '));
    expect(said.length).toBeGreaterThan(50);
    expect(said.filter((bullet, index) => said.indexOf(bullet) !== index)).toEqual([]);
  });
});

describe('the check', () => {
  it('finds files and headings that are not there, and looks into no code', () => {
    const text =
      '# A\n\n[a](#a) [b](#b) [c](docs/none.md) [d](../x.md)\n\n```md\n[e](none)\n```\n\n`[f](none)`\n';
    expect(broken('README.md', text)).toEqual([
      'README.md: #b has no such heading',
      'README.md: docs/none.md is not there',
      'README.md: ../x.md leaves the repository',
    ]);
  });

  it('names headings as GitHub does', () => {
    const text =
      "# kun's keys\n\n## What happened?\n\n## `a` and b_c\n\n## Twice\n\n## Twice\n\n## [Link](x.md), a\n";
    expect(anchorsOf(text)).toEqual([
      'kuns-keys',
      'what-happened',
      'a-and-b_c',
      'twice',
      'twice-1',
      'link-a',
    ]);
  });
});
