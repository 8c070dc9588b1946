import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildFixtures } from '../e2e/fixture-program.js';
import { NODE, RunningProcess } from '../e2e/running-process.js';
import { ROOT } from './published.js';

/** The most files that a unary call may run through from the wire to its handler and back. */
const MAX_FILES = 15;

const FILE = join(ROOT, 'docs/architecture.md');
const MARK = '<!-- Written by `npm run docs` from a call that was counted. -->\n';
const END = '\n<!-- The end of what was counted. -->';
const ENGINES = ['grpc-js', 'kun'] as const;
type Engine = (typeof ENGINES)[number];

/** The rooms that are the call's own; those of the links, with what they write to; all others know of no call. */
const OWN = ['server', 'rpc'];
const LINKS = ['interceptors', 'routing', 'logs', 'metrics', 'traces'];

/** A run of the program that counts: the files of `@kun/core` by their path in `src`. */
interface Counted {
  readonly Engine: Engine;
  /** Whether the switches of the chain are as by default. */
  readonly name: 'on' | 'off';
  readonly files: readonly string[];
}
let counted: readonly Counted[];

beforeAll(async () => {
  await using fixtures = await buildFixtures();
  await using program = new RunningProcess(NODE, [fixtures.main('call-files')]);
  await program.end;
  if (program.lines.length !== 4) throw new Error(program.stderr);
  counted = (program.lines as unknown as Counted[]).map((run) => ({ ...run, files: coreFiles(run.files) }));
}, 60_000);

describe('a unary call', () => {
  it.each(ENGINES)(`goes through at most ${MAX_FILES} files of its own, on %s`, (engine) => {
    const own = inRooms(filesOf(engine, 'on'), OWN);
    expect(own.length).toBeGreaterThan(10);
    expect(own.length).toBeLessThanOrEqual(MAX_FILES);
    // Whatever is switched off, there is no other way.
    expect(own).toEqual(expect.arrayContaining(inRooms(filesOf(engine, 'off'), OWN)));
  });

  it.each(ENGINES)('goes through the files that the page lists, on %s', (engine) => {
    const [, section = ''] = readFileSync(FILE, 'utf8').split('### The files of a unary call\n');
    const rows = [...section.matchAll(/^\| `(\S+)\.ts` +\| (\S+) +\|/gm)];
    const listed = rows.filter(([, , on]) => on === 'both' || on === engine).map(([, file = '']) => file);
    expect(listed.toSorted()).toEqual(inRooms(filesOf(engine, 'on'), OWN));
  });

  it('goes through as many others as the page says; npm run docs writes it', async () => {
    const text = readFileSync(FILE, 'utf8');
    const [before = '', rest = ''] = text.split(MARK);
    const [, after] = rest.split(END);
    await expect(`${before}${MARK}\n${tableOf()}\n${END}${after}`).toMatchFileSnapshot(FILE);
  });
});

/** Without what only tests have. */
function coreFiles(files: readonly string[]): string[] {
  const core = files.filter((file) => file.startsWith('kun-core/')).map((file) => file.slice(9));
  return core.filter((file) => !file.startsWith('testing/')).toSorted();
}

function filesOf(engine: Engine, name: Counted['name']): readonly string[] {
  return counted.find((run) => run.Engine === engine && run.name === name)?.files ?? [];
}

function inRooms(files: readonly string[], rooms: readonly string[]): string[] {
  return files.filter((file) => rooms.includes(file.split('/')[0] ?? ''));
}

function tableOf(): string {
  const row = (words: string, count: (engine: Engine) => number) =>
    `| ${words} | ${ENGINES.map(count).join(' | ')} |`;
  const on = (engine: Engine) => filesOf(engine, 'on');
  const own = (engine: Engine) => inRooms(on(engine), OWN).length;
  const links = (engine: Engine) => inRooms(on(engine), LINKS).length;
  return [
    '<!-- prettier-ignore-start -->',
    '',
    `| files | ${ENGINES.join(' | ')} |`,
    '| --- | --- | --- |',
    row('the call itself: `server`, `rpc`', own),
    row(
      'interceptors, and what they write to: `interceptors`, `routing`, `logs`, `metrics`, `traces`',
      links,
    ),
    row(
      'independent of calls: `clock`, `proto`, `status`, `transport`',
      (engine) => on(engine).length - own(engine) - links(engine),
    ),
    row('all of `@kun/core`', (engine) => on(engine).length),
    row('all of it with every interceptor turned off', (engine) => filesOf(engine, 'off').length),
    '',
    '<!-- prettier-ignore-end -->',
  ].join('\n');
}
