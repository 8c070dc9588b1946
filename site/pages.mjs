import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

/** Where the files are that are no page of the site. */
const FILES = 'https://github.com/kunjs/kun/blob/main/';

/** The public entry points: the name under which each is imported, and its file without `/index.ts`. */
export const ENTRY_POINTS = new Map([
  ['@kun/core', 'libs/kun-core/src'],
  ['@kun/core/testing', 'libs/kun-core/src/testing'],
  ['@kun/core/protobuf-es', 'libs/kun-core/src/protobuf-es'],
  ['@kun/core/protovalidate', 'libs/kun-core/src/protovalidate'],
  ['@kun/config', 'libs/kun-config/src'],
  ['@kun/wire', 'libs/kun-wire/src'],
]);

/** The sidebar: the headings and lists of docs/README.md, and the API reference. */
export function sidebarOf(repository) {
  const groups = [];
  for (const line of readFileSync(join(repository, 'docs/README.md'), 'utf8').split('\n')) {
    const [, heading] = /^## (.+)$/.exec(line) ?? [];
    if (heading) groups.push({ text: heading, items: [] });
    const [, text, page] = /^- \[([^\]]+)\]\(([\w-]+)\.md\)/.exec(line) ?? [];
    if (page) groups.at(-1)?.items.push({ text, link: `/${page}` });
  }
  const reference = [...ENTRY_POINTS.keys()].map((name) => ({ text: name, link: `/reference/${name}/` }));
  return [...groups.filter(({ items }) => items.length > 0), { text: 'API reference', items: reference }];
}

/**
 * Where a link of a guide leads on the site: guides to each other, reports of exports to the reference, and whatever lies
 * outside of docs/ to the repository.
 */
export function linkOnSite(href, repository) {
  const [path, anchor = ''] = href.split(/(?=#)/, 2);
  if (/^(?:[a-z]+:|#|\/)/.test(href) || path === '') return href;
  const file = posix.join('docs', path);
  const [, report] = /^docs\/api\/(.+)\.api\.md$/.exec(file) ?? [];
  if (report) return `/reference/${entryPointOf(report)}/`;
  if (file === 'docs/README.md') return `/${anchor}`;
  if (file.startsWith('docs/') && file.endsWith('.md')) return href;
  if (!existsSync(join(repository, file)))
    throw new Error(`a guide links to ${href}, and there is no ${file}`);
  return `${FILES}${file}${anchor}`;
}

/** The entry point of a report: `kun-core-testing` describes `@kun/core/testing`. */
function entryPointOf(report) {
  const name = [...ENTRY_POINTS.keys()].find((entry) => entry.slice(1).replaceAll('/', '-') === report);
  if (!name) throw new Error(`docs/api/${report}.api.md describes no entry point that site/pages.mjs lists`);
  return name;
}
