import { nodeAt, type MapNode } from '../files/config-node.js';
import type { ConfigProblem, ConfigProblemCode } from '../report/config-error.js';
import { parsePath, type ConfigPath } from '../config-path.js';
import type { ProblemMaker } from '../report/problem-maker.js';

/** Something that a schema cannot say: keys that conflict, or a key that has no effect because of another. */
export interface ConfigFinding {
  /** The key it is about, as in `'GRPCDial.WithProxyPort'`. */
  readonly path: ConfigPath;
  /** What is wrong and what to do, without a dot at the end; never with a value that may be secret. */
  readonly message: string;
  /** An error refuses the configuration; a warning is only reported. */
  readonly severity: 'error' | 'warning';
}

/** Looks at the whole, validated configuration. */
export type ConfigCheck<T = never> = (value: T) => Iterable<ConfigFinding>;

/** Runs the checks and gives what they find its place. */
export function checkConfig(
  checks: readonly ConfigCheck[],
  value: unknown,
  root: MapNode,
  problems: ProblemMaker,
): { problems: ConfigProblem[]; warnings: ConfigProblem[] } {
  const found = { problems: [] as ConfigProblem[], warnings: [] as ConfigProblem[] };
  for (const check of checks) {
    // a check says itself what it takes
    for (const { path, message, severity } of check(value as never)) {
      const code: ConfigProblemCode = severity === 'error' ? 'invalid-value' : 'no-effect';
      const parts = parsePath(path);
      let node = nodeAt(root, parts);
      for (let length = parts.length - 1; !node; length--) node = nodeAt(root, parts.slice(0, length));
      const problem = problems.at(node.source, node.keyOffset, { code, path: parts, message });
      (severity === 'error' ? found.problems : found.warnings).push(problem);
    }
  }
  return found;
}
