import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { ConfigProblem } from '../report/config-error.js';
import { nodeAt, toPlain, type ConfigNode, type MapNode, type Plain } from '../files/config-node.js';
import { explainIssue, normaliseIssues, type Issue } from '../report/explain-issue.js';
import { isRecord } from '../plain-object.js';
import type { ProblemMaker } from '../report/problem-maker.js';
import { unknownByOutput, unknownBySchema, unknownKeyProblem, UnknownKeys } from './unknown-keys.js';
import { fits } from '../report/describe-value.js';
import type { SchemaView } from '../schema/schema-view.js';

/** The validated value, or what is wrong. */
export interface Validated {
  readonly value: unknown;
  readonly problems: readonly ConfigProblem[];
}

/**
 * Validates the merged tree against several schemas at once. Each schema gets the top-level keys that it names; one
 * that names none (or takes any) gets what nobody else named. A key that no schema reads is an unknown key, at any
 * depth: for every library a key that is in the input and not in the output, unless its schema names it.
 *
 * `yes`, `no`, `on` and `off` become booleans only where the schema refuses them as strings.
 */
export async function validateConfig(
  root: MapNode,
  views: readonly SchemaView[],
  problems: ProblemMaker,
): Promise<Validated> {
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
  for (const path of unknown.paths(root)) found.push(unknownKeyProblem(path, root, views, problems));
  return { value, problems: unique(found) };
}

function refusedKeys({ issues }: SchemaResult): Set<string> {
  return new Set(
    issues.filter(({ unknown, path }) => unknown && path.length === 1).map(({ path }) => String(path[0])),
  );
}

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

interface SchemaResult {
  readonly output: Record<string, unknown> | undefined;
  readonly issues: readonly Issue[];
}

async function runSchema(part: MapNode, view: SchemaView): Promise<SchemaResult> {
  const input = toPlain(part);
  const tried = new Set<ConfigNode>();
  mendKnown(part, [], view, input, tried);
  for (;;) {
    const result: StandardSchemaV1.Result<unknown> = await view.schema['~standard'].validate(input);
    if (!result.issues) {
      if (!isRecord(result.value)) throw new TypeError('a configuration schema must give an object');
      return { output: result.value, issues: [] };
    }
    const issues = normaliseIssues(result.issues.slice(0, MAX_ISSUES));
    // Each round takes back at least one reading of a scalar, so this ends.
    if (
      !issues
        .map(({ path }) => mend(part, path, input, tried) || leaveOut(part, path, input, tried))
        .some(Boolean)
    ) {
      return { output: undefined, issues: issues.filter((issue) => !belowUnresolved(part, issue.path)) };
    }
  }
}

/** A list of a hundred thousand wrong items needs no hundred thousand explanations. */
const MAX_ISSUES = 1_000;

/** Takes the other meaning of a scalar that its schema is known to refuse, before anything coerces it. */
function mendKnown(
  node: ConfigNode,
  path: string[],
  view: SchemaView,
  input: Plain,
  tried: Set<ConfigNode>,
): void {
  const children = node.kind === 'map' ? node.entries : node.kind === 'list' ? node.items.entries() : [];
  for (const [key, child] of children) {
    if (child.kind === 'map' || child.kind === 'list') {
      mendKnown(child, [...path, String(key)], view, input, tried);
    } else if (child.kind === 'scalar' && child.alternative !== undefined) {
      const at = [...path, String(key)];
      const allowed = view.allowed(at);
      if (allowed.length === 0 || fits(child.value, allowed) || !fits(child.alternative, allowed)) continue;
      tried.add(child);
      put(input, at, child.alternative);
    }
  }
}

/** Leaves out what could not be had from outside, so that the rest can be looked at. */
function leaveOut(
  part: MapNode,
  path: readonly PropertyKey[],
  input: Plain,
  tried: Set<ConfigNode>,
): boolean {
  const node = nodeAt(part, path);
  if (node?.kind !== 'scalar' || node.unresolved !== true || tried.has(node)) return false;
  tried.add(node);
  put(input, path, undefined);
  return true;
}

function mend(part: MapNode, path: readonly PropertyKey[], input: Plain, tried: Set<ConfigNode>): boolean {
  const node = nodeAt(part, path);
  if (node?.kind !== 'scalar' || node.alternative === undefined || tried.has(node)) return false;
  tried.add(node);
  put(input, path, node.alternative);
  return true;
}

function put(at: Plain, path: readonly PropertyKey[], value: Plain | undefined): void {
  const [key, ...rest] = path.map(String);
  if (key === undefined || typeof at !== 'object' || at === null) return;
  const holder: { [key: string]: Plain } | Plain[] = at;
  if (Array.isArray(holder)) {
    if (rest.length === 0) holder[Number(key)] = value ?? null;
    else put(holder[Number(key)] ?? null, rest, value);
  } else if (rest.length > 0) put(holder[key] ?? null, rest, value);
  else if (value === undefined) delete holder[key];
  else holder[key] = value;
}

function belowUnresolved(part: MapNode, path: readonly PropertyKey[]): boolean {
  const node = nodeAt(part, path);
  return node?.kind === 'scalar' && node.unresolved === true;
}

function unique(problems: readonly ConfigProblem[]): ConfigProblem[] {
  const seen = new Map(problems.map((problem) => [`${problem.key}\n${problem.message}`, problem]));
  return [...seen.values()];
}
