import type { ContenderId } from './contenders.js';
import type { Verdict } from './contest.js';
import type { Sample } from './measure.js';
import type { MemorySample } from './measure-memory.js';
import type { ScenarioName } from './scenarios.js';
import { spreadOf } from './statistics.js';

/** Every process of a run, by scenario and contender. */
export type Results = Readonly<Record<string, Readonly<Record<string, readonly Verdict[]>>>>;

/** The contenders that docs/performance.md compares, by scenario. */
export const PAGE_CONTENDERS: Readonly<Record<ScenarioName, readonly ContenderId[]>> = {
  unary: ['a', 'g', 'd', 'c'],
  mesh: ['a', 'd'],
  single: ['a', 'd'],
  medium: ['a', 'd'],
  tls: ['a', 'd'],
  stream: ['a', 'd'],
  large: ['a', 'd'],
  idle: ['a', 'w', 'd'],
  open: ['a', 'w', 'd'],
};

/** Enough for medians, and done within half an hour. */
export const PAGE_PROCESSES = 7;
export const PAGE_SECONDS = 3;

const UNARY: ReadonlyArray<readonly [ContenderId, string]> = [
  ['a', 'grpc-js, bare'],
  ['g', 'kun on grpc-js, all on'],
  ['d', 'kun, all on'],
  ['c', 'kun, all off'],
];

const LOADS: ReadonlyArray<readonly [ScenarioName, string]> = [
  ['mesh', "small call with a mesh's headers, different in each call"],
  ['single', 'small call, one at a time on each of 64 connections'],
  ['tls', 'small call over TLS'],
  ['stream', 'one message of a response stream of 1000'],
  ['medium', '10 KiB in both directions'],
  ['large', '4 MiB in both directions'],
];

const HELD: ReadonlyArray<readonly [ScenarioName, string]> = [
  ['idle', 'idle connections'],
  ['open', 'open calls'],
];

const MEMORY_OTHERS: ReadonlyArray<readonly [ContenderId, string]> = [
  ['w', '@kun/wire, bare'],
  ['d', 'kun, all on'],
];

/** The tables of docs/performance.md, without scenarios that were not measured. */
export function pageTables(results: Results): string {
  return [unaryTable(results), loadTable(results), memoryTable(results)]
    .filter((rows) => rows.length > 2)
    .map(markdown)
    .join('\n\n');
}

function unaryTable(results: Results): string[][] {
  const of = (id: ContenderId) => samples<Sample>(results, 'unary', id);
  const base = cpuOf(of('a'));
  const rows = UNARY.filter(([id]) => of(id).length > 0).map(([id, title]) => {
    const rate = median(of(id), ({ unitsPerSecond }) => unitsPerSecond);
    const p99Ms = median(of(id), ({ p99Ms: ms }) => ms);
    const cpu = cpuOf(of(id));
    return [title, time(cpu), (cpu / base).toFixed(2), String(Math.round(rate)), `${figure(p99Ms)} ms`];
  });
  const title = 'small unary call, 64 in flight on 4 connections';
  return table(
    [title, 'CPU per call', 'relative to bare grpc-js', 'calls per second', 'p99 at saturation'],
    rows,
  );
}

function loadTable(results: Results): string[][] {
  const rows = LOADS.filter(([name]) => measured(results, name)).map(([name, title]) => {
    const [bare, kun] = [cpuOf(samples(results, name, 'a')), cpuOf(samples(results, name, 'd'))];
    return [title, time(bare), time(kun), (kun / bare).toFixed(name === 'stream' ? 3 : 2)];
  });
  return table(['load', 'grpc-js, bare', 'kun, all on', 'ratio'], rows);
}

function memoryTable(results: Results): string[][] {
  const rows = HELD.filter(([name]) => measured(results, name)).flatMap(([name, title]) => {
    const of = (id: ContenderId) => samples<MemorySample>(results, name, id);
    const held = of('a')[0]?.held ?? 0;
    const rss = (id: ContenderId) => median(of(id), ({ rssKiBEach }) => rssKiBEach);
    const heap = (id: ContenderId) => median(of(id), ({ heapKiBEach }) => heapKiBEach);
    const ratio = (read: (id: ContenderId) => number, id: ContenderId) =>
      `${figure(read(id))} KiB (${(read(id) / read('a')).toFixed(2)})`;
    const others = MEMORY_OTHERS.filter(([id]) => of(id).length > 0);
    return [
      [`${held} ${title}: grpc-js, bare`, `${figure(rss('a'))} KiB`, `${figure(heap('a'))} KiB`],
      ...others.map(([id, name]) => [`${held} ${title}: ${name}`, ratio(rss, id), ratio(heap, id)]),
    ];
  });
  return table(['memory per connection or call', 'process', 'objects and buffers'], rows);
}

function table(header: string[], rows: string[][]): string[][] {
  return [header, header.map(() => '---'), ...rows];
}

/** As prettier writes it. */
function markdown(rows: readonly string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) => {
      const cells = row.map((cell, column) => cell.padEnd(widths[column] ?? 0, cell === '---' ? '-' : ' '));
      return `| ${cells.join(' | ')} |`;
    })
    .join('\n');
}

function measured(results: Results, name: ScenarioName): boolean {
  return samples(results, name, 'a').length > 0 && samples(results, name, 'd').length > 0;
}

function samples<S extends Verdict>(results: Results, name: ScenarioName, id: ContenderId): readonly S[] {
  return (results[name]?.[id] ?? []) as readonly S[];
}

function cpuOf(list: readonly Verdict[]): number {
  return median(list as readonly Sample[], ({ cpuUs }) => cpuUs);
}

function median<S>(list: readonly S[], of: (sample: S) => number): number {
  return spreadOf(list.map(of)).median;
}

function time(us: number): string {
  return us >= 1000 ? `${figure(us / 1000)} ms` : `${figure(us)} us`;
}

function figure(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value.toPrecision(3);
}
