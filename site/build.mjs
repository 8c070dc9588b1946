// Builds the site: the guides as they stand in docs/, and the API reference from the TSDoc of what is exported.
// `npm run site` in the repository's root installs what it needs and calls this; the site is then in .cache/site/dist.
import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Application } from 'typedoc';
import { build } from 'vitepress';
import { ENTRY_POINTS } from './pages.mjs';

const SITE = dirname(fileURLToPath(import.meta.url));
// The test builds from a copy of this folder.
const REPOSITORY = process.env.KUN_SITE_REPOSITORY ?? join(SITE, '..');
const PAGES = join(SITE, 'pages');

process.chdir(REPOSITORY);
process.env.KUN_SITE_REPOSITORY = REPOSITORY;
rmSync(PAGES, { recursive: true, force: true });
mkdirSync(join(PAGES, '.vitepress'), { recursive: true });
for (const file of readdirSync('docs').filter((name) => name.endsWith('.md'))) {
  cpSync(join('docs', file), join(PAGES, file === 'README.md' ? 'index.md' : file));
}
await writeReference();
for (const file of ['config.mjs', 'pages.mjs']) cpSync(join(SITE, file), join(PAGES, '.vitepress', file));
await build(PAGES, { outDir: join(REPOSITORY, '.cache/site') });

async function writeReference() {
  const typedoc = await Application.bootstrapWithPlugins({
    plugin: ['typedoc-plugin-markdown'],
    tsconfig: 'tsconfig.check.json',
    entryPoints: [...ENTRY_POINTS.values()].map((folder) => `${folder}/index.ts`),
    out: join(PAGES, 'reference'),
    readme: 'none',
    excludePrivate: true,
    excludeInternal: true,
    disableSources: true,
    // `npm run types` has checked them, and specs are no part of it.
    skipErrorChecking: true,
    sort: ['source-order'],
    hidePageHeader: true,
    outputFileStrategy: 'members',
    entryFileName: 'index',
    logLevel: 'Error',
  });
  const project = await typedoc.convert();
  if (!project) throw new Error('the API reference could not be made; TypeDoc says why above');
  for (const module of project.children ?? []) {
    const [name] = [...ENTRY_POINTS].find(([, folder]) => folder.endsWith(module.name)) ?? [];
    if (!name) throw new Error(`TypeDoc found ${module.name}, which is no entry point of a package`);
    module.name = name;
  }
  await typedoc.generateOutputs(project);
  if (typedoc.logger.hasErrors()) throw new Error('the API reference has errors; TypeDoc names them above');
}
