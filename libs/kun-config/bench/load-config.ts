/**
 * What loading costs over parsing: 10 000 keys in four layers, read, merged with origins and validated, as a multiple
 * of what the `yaml` library alone takes to parse the same texts. Run it with `npm run bench -w @kun/config`.
 */
import { loadConfig } from '@kun/config';
import { parse } from 'yaml';
import { z } from 'zod';
import { TestingTree } from '../test/testing-tree.ts';

const SECTIONS = 100;
const KEYS = 100;
const ROUNDS = 15;
/** What the budget allows. */
const MOST = 3;

/** The keys of a layer: every `step`-th, with a value of each kind. */
function layer(step: number, offset: number): string {
  const lines: string[] = [];
  for (let section = 0; section < SECTIONS; section++) {
    lines.push(`Section${section}:`);
    for (let key = offset; key < KEYS; key += step)
      lines.push(`  Key${key}: ${VALUES[(key + offset) % 2]?.[key % 2]}`);
  }
  return `${lines.join('\n')}\n`;
}

const VALUES = [
  ['1', 'true'],
  ['0', 'no'],
];

const keys = Object.fromEntries(
  Array.from({ length: KEYS }, (_, key) => [
    `Key${key}`,
    key % 2 === 0 ? z.int().default(5) : z.boolean().default(true),
  ]),
);
const schema = z.object(
  Object.fromEntries(
    Array.from({ length: SECTIONS }, (_, section) => [`Section${section}`, z.object(keys).prefault({})]),
  ),
);

const texts = [layer(4, 0), layer(1, 0), layer(4, 2), layer(4, 1)];
const files = ['conf/public.yaml', 'conf/s/public.yaml', 'conf/s/c/public.yaml', 'conf/s/c/i/public.yaml'];
await using tree = await TestingTree.of(Object.fromEntries(files.map((file, n) => [file, texts[n] ?? ''])));

const ours: number[] = [];
const theirs: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  // In turns, so that both meet the same machine.
  theirs.push(await timed(() => texts.forEach((text) => parse(text))));
  ours.push(
    await timed(() =>
      loadConfig({ base: tree.base, service: 's', cluster: 'c', instance: 'i', schemas: [schema] }),
    ),
  );
}
const ratio = median(ours) / median(theirs);
console.log(`yaml alone       ${median(theirs).toFixed(1)} ms`);
console.log(`load and validate ${median(ours).toFixed(1)} ms`);
console.log(`ratio            ${ratio.toFixed(2)} (at most ${MOST})`);
process.exitCode = ratio > MOST ? 1 : 0;

async function timed(work: () => unknown): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
