import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ScenarioName } from './scenarios.js';

export type ContenderId = 'a' | 'b' | 'c' | 'd' | 'e' | 'l';

/** A server to be measured, each time in a process of its own. */
export interface Contender {
  readonly id: ContenderId;
  readonly title: string;
  readonly entry: string;
  readonly args: readonly string[];
  readonly scenarios: readonly ScenarioName[];
  /** What it must be seen doing besides answering; a contender that does less than it says is not compared. */
  readonly proofs: readonly Proof[];
  /** Whom it is compared with besides the baseline. */
  readonly against?: ContenderId;
  /** Why it cannot run here, or `undefined`. */
  readonly missing?: string;
}

/**
 * `lines`: a line for each call; `content`: lines that hold what was said; `metrics`: each call counted; `spans`: some
 * of the calls traced.
 */
export type Proof = 'lines' | 'content' | 'metrics' | 'spans';

/** What the others are compared with. */
export const BASELINE: ContenderId = 'a';

const SMALL: readonly ScenarioName[] = ['unary', 'stream'];
const ALL: readonly ScenarioName[] = ['unary', 'stream', 'large'];

/** Compiled, this file lies in .cache/bench/dist; what needs the bench's own packages lies in test/bench. */
const NICE_GRPC = fileURLToPath(new URL('../../../test/bench/nice-grpc/server.mjs', import.meta.url));
const NICE_GRPC_PACKAGES = fileURLToPath(
  new URL('../../../test/bench/node_modules/nice-grpc', import.meta.url),
);

export const CONTENDERS: readonly Contender[] = [
  {
    id: 'a',
    title: 'grpc-js, bare',
    entry: compiled('bare-grpc'),
    args: [],
    scenarios: ALL,
    proofs: [],
  },
  {
    id: 'b',
    title: 'Nest transport',
    entry: compiled('nest-grpc'),
    args: [],
    scenarios: ALL,
    proofs: [],
  },
  { id: 'c', title: 'kun, all off', entry: compiled('kun'), args: ['off'], scenarios: SMALL, proofs: [] },
  {
    id: 'd',
    title: 'kun, all on',
    entry: compiled('kun'),
    args: ['on'],
    scenarios: ALL,
    proofs: ['lines', 'metrics', 'spans'],
  },
  {
    id: 'e',
    title: 'nice-grpc with middleware',
    entry: NICE_GRPC,
    args: [],
    scenarios: SMALL,
    proofs: ['lines', 'metrics', 'spans'],
    ...(!existsSync(NICE_GRPC_PACKAGES) && { missing: 'run `npm ci --prefix test/bench` to have it' }),
  },
  {
    id: 'l',
    title: 'kun, all on + content',
    entry: compiled('kun'),
    args: ['content'],
    scenarios: ['large'],
    against: 'd',
    proofs: ['lines', 'metrics', 'spans', 'content'],
  },
];

function compiled(name: string): string {
  return fileURLToPath(new URL(`contenders/${name}.js`, import.meta.url));
}
