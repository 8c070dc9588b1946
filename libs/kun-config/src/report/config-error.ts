import { ExplainedError } from '../explained-error.js';
import type { Place } from '../files/config-node.js';

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
  | 'unset-section'
  | 'not-read';

/** One mistake in the configuration. */
export interface ConfigProblem extends Place {
  readonly code: ConfigProblemCode;
  /** The key, as in `GRPCServer.Port`; empty when the problem is the file's. */
  readonly key: string;
  /** What was found and what is allowed. */
  readonly message: string;
  /** The likely key or value. */
  readonly suggestion?: string;
  /** The line it stands on, fit to be printed: shortened, with anything secret blanked; absent when there is none. */
  readonly sourceLine?: string;
  /** Where in `sourceLine` the problem is, counting from 1; 0 when that is not shown. */
  readonly caret?: number;
}

/**
 * The configuration cannot be used. Carries everything that is wrong with it, not only the first thing.
 * Its message has each in one line, with the source below it:
 *
 * ```text
 * conf/echo/public.yaml:5:22 GRPCDial.Insecure: expected a boolean, found the string "tru"; did you mean true?
 *   5 |   Insecure:          tru
 *     |                      ^
 * ```
 */
export class ConfigError extends ExplainedError {
  override readonly name = 'ConfigError';

  /** How many more problems there are than are listed: of thousands only the first are. */
  readonly omitted: number;

  constructor(
    readonly problems: readonly ConfigProblem[],
    { omitted = 0, ...options }: ErrorOptions & { readonly omitted?: number } = {},
  ) {
    super(summary(problems, omitted), options);
    this.omitted = omitted;
  }
}

/** One problem in one line: place, key, what is wrong, the likely remedy. */
export function formatProblem(problem: ConfigProblem): string {
  const place = formatPlace(problem);
  const key = problem.key === '' ? '' : ` ${problem.key}`;
  const remedy = problem.suggestion === undefined ? '' : `; did you mean ${problem.suggestion}?`;
  return `${place}${key}: ${problem.message}${remedy}`;
}

/** `conf/echo/public.yaml:5:22`; only what is known of it. */
export function formatPlace({ file, line, column }: Place): string {
  return line > 0 ? `${file}:${line}:${column}` : file;
}

/** The source line of a problem with a caret below, in lines of their own; none when there is no line to show. */
export function formatSource(problem: ConfigProblem): string[] {
  const { sourceLine, caret = 0, line } = problem;
  if (sourceLine === undefined) return [];
  const margin = ' '.repeat(String(line).length);
  const shown = `${line} | ${sourceLine}`;
  if (caret === 0) return [shown];
  // Tabs are as wide below as they are above.
  return [shown, `${margin} | ${sourceLine.slice(0, caret - 1).replace(/[^\t]/g, ' ')}^`];
}

const MAX_LISTED = 100;

function summary(problems: readonly ConfigProblem[], omitted: number): string {
  const total = problems.length + omitted;
  const count = total === 1 ? 'a problem' : `${total} problems`;
  const lines = problems
    .slice(0, MAX_LISTED)
    .flatMap((problem) => [
      `  ${formatProblem(problem)}`,
      ...formatSource(problem).map((line) => `    ${line}`),
    ]);
  if (total > MAX_LISTED) lines.push(`  and ${total - MAX_LISTED} more`);
  return [`the configuration has ${count}`, ...lines].join('\n');
}
