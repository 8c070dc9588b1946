/**
 * Feeds random and mutated text to the loader for some minutes and watches that it answers: with a value or with
 * problems that have places, within a second, without a secret, and without any other error.
 * `npm run fuzz -w @kun/config -- 300` runs for 300 seconds; a seed may follow.
 */
import { inspect } from 'node:util';
import { ConfigError, loadConfig } from '@kun/config';
import { z } from 'zod';
import { malformed, SECRET } from '../test/malformed.ts';
import { TestingTree } from '../test/testing-tree.ts';

const seconds = Number(process.argv[2] ?? 60);
let seed = Number(process.argv[3] ?? Date.now() % 2 ** 31);
console.log(`seed ${seed}`);

/** Mulberry32: small, and the same on every machine for the same seed. */
function random(): number {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
const below = (limit: number): number => Math.floor(random() * limit);
const pick = <T>(from: readonly T[]): T => from[below(from.length)];

const schema = z.object({
  Port: z.int().min(0).max(65535).default(1),
  Name: z.string().optional(),
  Tls: z.boolean().optional(),
  Tags: z.array(z.string()).optional(),
  Users: z.array(z.object({ Name: z.string() })).optional(),
  Db: z
    .object({ Host: z.string(), Password: z.string().min(50) })
    .partial()
    .optional(),
});

const SECRETS = [
  `Password: ${SECRET}`,
  `{ Password: "${SECRET}", x: `,
  `Token: |\n  ${SECRET}\n`,
  `ApiKey: &k '${SECRET}'\n`,
];
const WORDS =
  'Port Name Tls Tags Users Db Host << __proto__ &a *a !file !x ${A } : - ? [ ] { } , " | > # % @ ` 1 yes null ~ .inf 0x1F é';
const PIECES = [
  ...WORDS.split(' '),
  ...SECRETS,
  "'",
  ': ',
  '\n',
  '\n  ',
  '\n\t',
  '- ',
  '---\n',
  '\0',
  '\uFEFF',
  '\r',
  '\u2028',
  '\x1b[31m',
  '\uD800',
  ' '.repeat(50),
];

function generate(): string | Buffer {
  if (random() < 0.4) return Array.from({ length: below(60) }, () => pick(PIECES)).join('');
  const { text } = pick(malformed);
  if (text.length > 100_000) return '';
  let mutated = typeof text === 'string' ? Buffer.from(text) : Buffer.from(text);
  for (let n = below(6); n >= 0; n--) {
    const at = below(mutated.length + 1);
    const piece = random() < 0.5 ? Buffer.from(pick(PIECES)) : Buffer.from([below(256)]);
    const skip = random() < 0.5 ? below(4) : 0;
    mutated = Buffer.concat([mutated.subarray(0, at), piece, mutated.subarray(at + skip)]);
  }
  return mutated;
}

await using tree = await TestingTree.of({});
const until = Date.now() + seconds * 1000;
let runs = 0;
let refused = 0;
let slowestMs = 0;
while (Date.now() < until) {
  const [outer, inner] = [generate(), generate()];
  await tree.write({ 'conf/public.yaml': outer, 'conf/s/public.yaml': inner });
  // Of the processor, since the machine may have other things to do.
  const started = process.cpuUsage();
  const options = { base: tree.base, service: 's', schemas: [schema], env: { A: 'x' } };
  const result: unknown = await loadConfig(options).catch((error: unknown) => error);
  const { user, system } = process.cpuUsage(started);
  const elapsedMs = (user + system) / 1000;
  slowestMs = Math.max(slowestMs, elapsedMs);
  runs++;
  const wrong = judge(result, elapsedMs, [String(outer), String(inner)]);
  if (wrong === undefined) continue;
  console.error(`${wrong}\n${inspect(outer)}\n${inspect(inner)}\n${inspect(result)}`);
  process.exitCode = 1;
  break;
}
console.log(`${runs} runs, ${refused} refused, slowest ${slowestMs.toFixed(0)} ms`);

/** Whether each secret still stands right behind its key: what is torn from it, nobody can tell to be one. */
function isRecognisable(text: string): boolean {
  const intact = new RegExp(`(Password|Token|ApiKey)["']?: ?(\\|\\n  |&k )?[\\[{"']?${SECRET}`, 'g');
  return text.split(SECRET).length - 1 === (text.match(intact)?.length ?? 0);
}

function judge(result: unknown, elapsedMs: number, texts: readonly string[]): string | undefined {
  if (elapsedMs > 1_000) return `took ${elapsedMs} ms`;
  if (!(result instanceof Error)) return undefined;
  refused++;
  if (!(result instanceof ConfigError)) return 'is not a ConfigError';
  if (result.problems.length === 0 || result.problems.some(({ file }) => file === '')) return 'has no place';
  const shown = inspect(result, { depth: 9 }).includes(SECRET);
  return shown && texts.every(isRecognisable) ? 'shows a secret' : undefined;
}
