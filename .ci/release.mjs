// Prepares a release: npm run release -- 0.2.0 [--dry-run]
// Raises the version of every workspace and of what they require of each other, and closes the changelog's section
// Unreleased. Commits nothing: RELEASING.md says what comes before and after.
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { 'dry-run': { type: 'boolean', default: false } },
});
const dryRun = values['dry-run'];
const files = new Map();

try {
  prepare(positionals);
} catch (error) {
  console.error(`release: ${error.message}`);
  process.exitCode = 1;
}

function prepare([version, ...rest]) {
  const root = readJson('package.json');
  const manifests = root.workspaces.flatMap((pattern) => globSync(`${pattern}/package.json`)).toSorted();
  const previous = root.version;
  if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version ?? '') || rest.length > 0) {
    throw new Error(`say the version, as in: npm run release -- 0.2.0 (it is ${previous} now)`);
  }
  const changelog = readFileSync('CHANGELOG.md', 'utf8');
  const released = (name) => changelog.includes(`\n## [${name}] - `);
  // The version that stands there before the first release has not been released.
  if (released(version) || !(isAfter(version, previous) || (version === previous && !released(previous))))
    throw new Error(`${version} does not come after ${previous}`);
  const changed = execFileSync('git', ['status', '--porcelain'], { encoding: 'utf8' });
  if (changed !== '' && !dryRun)
    throw new Error(`commit or stash these changes first:\n${changed.trimEnd()}`);

  files.set('CHANGELOG.md', closeChangelog(changelog, version));
  const ours = new Set(manifests.map((file) => readJson(file).name));
  const raise = (manifest) => raiseVersion(manifest, ours, version);
  for (const file of ['package.json', ...manifests]) setJson(file, raise(readJson(file)));
  const lock = readJson('package-lock.json');
  lock.version = version;
  for (const folder of ['', ...manifests.map((file) => file.replace(/\/package\.json$/, ''))]) {
    if (lock.packages[folder]) raise(lock.packages[folder]);
  }
  setJson('package-lock.json', lock);

  for (const [file, text] of files) if (!dryRun) writeFileSync(file, text);
  console.log(
    `${dryRun ? 'would change' : 'changed'} ${previous} to ${version} in:\n  ${[...files.keys()].join('\n  ')}`,
  );
}

/** Packages without a version of their own are not released. */
function raiseVersion(manifest, ours, version) {
  if (manifest.version !== undefined) manifest.version = version;
  for (const kind of ['dependencies', 'devDependencies', 'peerDependencies']) {
    for (const [name, range] of Object.entries(manifest[kind] ?? {})) {
      if (ours.has(name) && /^[\^~]?\d/.test(range)) manifest[kind][name] = range.replace(/\d.*$/, version);
    }
  }
  return manifest;
}

function closeChangelog(text, version) {
  const [before, after] = text.split('\n## [Unreleased]\n');
  const [section = ''] = (after ?? '').split(/^## /m);
  if (after === undefined) throw new Error('CHANGELOG.md has no section "## [Unreleased]"');
  if (!/^- /m.test(section)) throw new Error('the section Unreleased of CHANGELOG.md names no change');
  const date = new Date().toISOString().slice(0, 10);
  return `${before}\n## [Unreleased]\n\n## [${version}] - ${date}\n${after}`;
}

function isAfter(version, previous) {
  const [a, b] = [version, previous].map((text) => text.split(/[-.]/).slice(0, 3).map(Number));
  const at = a.findIndex((number, index) => number !== b[index]);
  return at < 0 ? previous.includes('-') && version !== previous : a[at] > b[at];
}

function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

function setJson(file, content) {
  files.set(file, `${JSON.stringify(content, null, 2)}\n`);
}
