import type { Place } from './config-node.js';

/** What kind of mistake it is. */
export type ConfigProblemCode =
  | 'missing-file'
  | 'unreadable'
  | 'syntax'
  | 'unknown-key'
  | 'missing-value'
  | 'invalid-value'
  | 'unresolved'
  | 'no-effect'
  | 'deprecated'
  | 'unset-section';

/** One mistake in the configuration. */
export interface ConfigProblem extends Place {
  readonly code: ConfigProblemCode;
  /** The key, as in `GRPCServer.Port`; empty when the problem is the file's. */
  readonly key: string;
  /** What was found and what is allowed. */
  readonly message: string;
  /** The likely key or value. */
  readonly suggestion?: string;
  /** The line it stands on, with anything secret blanked; absent when there is none. */
  readonly sourceLine?: string;
}

/**
 * The configuration cannot be used. Carries everything that is wrong with it, not only the first thing.
 * Its message has one line for each problem:
 * `conf/echo/public.yaml:5:22 GRPCDial.Insecure: expected a boolean, found the string "tru"; did you mean true?`
 */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly problems: readonly ConfigProblem[]) {
    super(summary(problems));
  }
}

/** One problem in one line: place, key, what is wrong, the likely remedy. */
export function formatProblem(problem: ConfigProblem): string {
  const place = problem.line > 0 ? `${problem.file}:${problem.line}:${problem.column}` : problem.file;
  const key = problem.key === '' ? '' : ` ${problem.key}`;
  const remedy = problem.suggestion === undefined ? '' : `; did you mean ${problem.suggestion}?`;
  return `${place}${key}: ${problem.message}${remedy}`;
}

function summary(problems: readonly ConfigProblem[]): string {
  const lines = problems.map(formatProblem);
  if (lines.length === 1) return `the configuration has a problem\n  ${lines[0]}`;
  return `the configuration has ${lines.length} problems\n${lines.map((line) => `  ${line}`).join('\n')}`;
}
