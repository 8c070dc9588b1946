import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SCENARIO_NAMES, type ScenarioName } from './scenarios.js';

export type ContenderId = 'a' | 'b' | 'c' | 'd' | 'e' | 'f' | 'g' | 'l' | 'w';

/** A server to be measured, each time in a process of its own. */
export interface Contender {
  readonly id: ContenderId;
  readonly title: string;
  readonly entry: string;
  readonly args: readonly string[];
  readonly scenarios: readonly ScenarioName[];
  /** What it must be observed to do in addition to answering; a contender that does less than it claims is not compared. */
  readonly proofs: readonly Proof[];
  /** The contender it is compared with, in addition to the baseline. */
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
    scenarios: SCENARIO_NAMES,
    proofs: [],
  },
  {
    id: 'b',
    title: 'Nest transport',
    entry: compiled('nest-grpc'),
    args: [],
    scenarios: ['unary', 'stream', 'large', 'idle', 'open'],
    proofs: [],
  },
  {
    id: 'c',
    title: 'kun, all off',
    entry: compiled('kun'),
    args: ['off', 'kun'],
    scenarios: [...SMALL, 'mesh'],
    proofs: [],
  },
  {
    id: 'd',
    title: 'kun, all on',
    entry: compiled('kun'),
    args: ['on', 'kun'],
    scenarios: SCENARIO_NAMES,
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
    id: 'f',
    title: 'kun on grpc-js, all off',
    entry: compiled('kun'),
    args: ['off', 'grpc-js'],
    scenarios: SMALL,
    proofs: [],
  },
  {
    id: 'g',
    title: 'kun on grpc-js, all on',
    entry: compiled('kun'),
    args: ['on', 'grpc-js'],
    scenarios: SCENARIO_NAMES,
    proofs: ['lines', 'metrics', 'spans'],
  },
  {
    id: 'w',
    title: '@kun/wire, bare',
    entry: compiled('bare-wire'),
    args: [],
    scenarios: SCENARIO_NAMES,
    proofs: [],
  },
  {
    id: 'l',
    title: 'kun, all on + content',
    entry: compiled('kun'),
    args: ['content', 'kun'],
    scenarios: ['large'],
    against: 'd',
    proofs: ['lines', 'metrics', 'spans', 'content'],
  },
];

function compiled(name: string): string {
  return fileURLToPath(new URL(`contenders/${name}.js`, import.meta.url));
}
