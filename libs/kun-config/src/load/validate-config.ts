import { toPlain, type MapNode, nodeAt } from '../files/config-node.js';
import type { ConfigProblem, ConfigProblemCode } from '../report/config-error.js';
import { explainIssue } from '../report/explain-issue.js';
import type { ProblemMaker } from '../report/problem-maker.js';
import { unknownKeyProblem } from '../report/unknown-key-problem.js';
import { inexactNumbers, refusedKeys, runSchema } from '../schema/run-schema.js';
import type { SchemaView } from '../schema/schema-view.js';
import { unknownByOutput, unknownBySchema, UnknownKeys } from '../schema/unknown-keys.js';
import { parsePath } from '../config-path.js';
import type { ConfigCheck } from './load-options.js';

/** The validated value, or what is wrong. */
export interface Validated {
  readonly value: unknown;
  readonly problems: readonly ConfigProblem[];
  /** How many more problems of a kind there are than are listed. */
  readonly omitted: number;
}

/**
 * Validates the merged tree against several schemas at once. Each schema gets the top-level keys that it names; one
 * that names none (or takes any) gets what nobody else named. A key that no schema reads is an unknown key, at any
 * depth: for every library a key that is in the input and not in the output, unless its schema names it. A number
 * that cannot be held is refused, whatever the schema says.
 *
 * `yes`, `no`, `on` and `off` become booleans only where the schema refuses them as strings.
 */
export async function validateConfig(
  root: MapNode,
  views: readonly SchemaView[],
  problems: ProblemMaker,
): Promise<Validated> {
  if (views.length === 0) {
    const found = inexactNumbers(root).map((issue) => explainIssue(issue, root, undefined, problems));
    return { value: toPlain(root), problems: found, omitted: 0 };
  }
  const owners = ownersOf(views);
  const value: Record<string, unknown> = {};
  const found: ConfigProblem[] = [];
  const unknown = new UnknownKeys();
  for (const view of views) {
    const owned = (key: string): boolean => (owners.has(key) ? owners.get(key) === view : view.open);
    let part: MapNode = { ...root, entries: new Map([...root.entries].filter(([key]) => owned(key))) };
    let result = await runSchema(part, view);
    // Keys that it refuses may be another schema's; without them it can say something about the rest. Some libraries
    // name only the first of them.
    for (let refused = refusedKeys(result); refused.size > 0; refused = refusedKeys(result)) {
      part = { ...part, entries: new Map([...part.entries].filter(([key]) => !refused.has(key))) };
      result = await runSchema(part, view);
    }
    for (const issue of result.issues) {
      if (issue.unknown) unknown.add(issue.path);
      else found.push(explainIssue(issue, part, view, problems));
    }
    if (result.output === undefined) {
      unknownBySchema(part, view, [], (path) => unknown.add(path));
      // What a schema reads that takes any key shows only when it succeeds.
      for (const key of part.entries.keys()) if (view.open || owners.has(key)) unknown.read(key);
    } else {
      unknownByOutput(part, result.output, view, [], (path) => unknown.add(path));
      for (const key of [...Object.keys(result.output), ...view.names]) unknown.read(key);
      Object.assign(value, result.output);
    }
  }
  const paths = unknown.paths(root);
  for (const path of paths.slice(0, MAX_UNKNOWN)) found.push(unknownKeyProblem(path, root, views, problems));
  return { value, problems: unique(found), omitted: Math.max(0, paths.length - MAX_UNKNOWN) };
}

/** The likely key is searched for among all keys of the map. */
const MAX_UNKNOWN = 200;

/** Which schema names which key. */
function ownersOf(views: readonly SchemaView[]): Map<string, SchemaView> {
  const owners = new Map<string, SchemaView>();
  for (const view of views) {
    for (const name of view.names) {
      if (owners.has(name))
        throw new TypeError(`two schemas name the key ${name}; let one of them extend the other`);
      owners.set(name, view);
    }
  }
  return owners;
}

function unique(problems: readonly ConfigProblem[]): ConfigProblem[] {
  const seen = new Map(problems.map((problem) => [`${problem.key}\n${problem.message}`, problem]));
  return [...seen.values()];
}

/** Runs the checks, and adds the place of what they find. */
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
