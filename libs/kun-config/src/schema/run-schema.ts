import type { StandardSchemaV1 } from '@standard-schema/spec';
import {
  nodeAt,
  toPlain,
  type ConfigNode,
  type MapNode,
  type Plain,
  type ScalarNode,
} from '../files/config-node.js';
import { isRecord } from '../plain-object.js';
import { fits } from './fits.js';
import { normaliseIssues, type Issue } from './issue.js';
import type { SchemaView } from './schema-view.js';

/** What one schema says of the keys that it was given. */
export interface SchemaResult {
  /** Undefined when it refuses them. */
  readonly output: Record<string, unknown> | undefined;
  readonly issues: readonly Issue[];
}

/**
 * Runs a schema. Where it refuses a scalar that may be read otherwise (`yes`, a text from outside), it is asked again
 * with the other reading.
 */
export async function runSchema(part: MapNode, view: SchemaView): Promise<SchemaResult> {
  const input = toPlain(part);
  const tried = new Set<ConfigNode>();
  mendKnown(part, view, input, tried);
  for (;;) {
    const result: StandardSchemaV1.Result<unknown> = await view.schema['~standard'].validate(input);
    if (!result.issues) {
      if (!isRecord(result.value)) throw new TypeError('a configuration schema must give an object');
      if (keepWritten(part, view, input, tried)) continue;
      return { output: result.value, issues: inexactNumbers(part, tried) };
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

/** Numbers that are taken and are not the ones that were written. */
export function inexactNumbers(root: MapNode, otherwise: ReadonlySet<ConfigNode> = new Set()): Issue[] {
  const issues: Issue[] = [];
  eachScalar(root, [], (node, path) => {
    if (node.inexact !== true || otherwise.has(node)) return;
    issues.push({ path, message: 'no number is exactly this one', expected: undefined, unknown: false });
  });
  return issues;
}

/** The keys at the top that a schema refuses because it does not know them. */
export function refusedKeys({ issues }: SchemaResult): Set<string> {
  return new Set(
    issues.filter(({ unknown, path }) => unknown && path.length === 1).map(({ path }) => String(path[0])),
  );
}

/** A list of a hundred thousand wrong items needs no hundred thousand explanations. */
const MAX_ISSUES = 1_000;

/** Takes the other meaning of a scalar that its schema is known to refuse, before anything coerces it. */
function mendKnown(part: MapNode, view: SchemaView, input: Plain, tried: Set<ConfigNode>): void {
  eachScalar(part, [], (node, path) => {
    if (node.alternative === undefined) return;
    const allowed = view.taken(path);
    if (allowed.length === 0 || fits(node.value, allowed) || !fits(node.alternative, allowed)) return;
    tried.add(node);
    put(input, path, node.alternative);
  });
}

/** Gives a schema that makes text of what it gets the text that was written: `1.10`, which is the number 1.1. */
function keepWritten(part: MapNode, view: SchemaView, input: Plain, tried: Set<ConfigNode>): boolean {
  let kept = false;
  eachScalar(part, [], (node, path) => {
    if (node.literal === undefined || tried.has(node) || view.wants(path) !== 'text') return;
    tried.add(node);
    put(input, path, node.literal);
    kept = true;
  });
  return kept;
}

/** Leaves out missing outside values, so that the rest can be validated. */
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
  if (node?.kind === 'map' || node?.kind === 'list') return mendBelow(node, path.map(String), input, tried);
  if (node?.kind !== 'scalar' || node.alternative === undefined || tried.has(node)) return false;
  tried.add(node);
  put(input, path, node.alternative);
  return true;
}

/** A union of maps refuses the whole map and does not say for which of its values. */
function mendBelow(
  within: ConfigNode,
  path: readonly string[],
  input: Plain,
  tried: Set<ConfigNode>,
): boolean {
  let mended = false;
  eachScalar(within, path, (node, at) => {
    if (node.written === undefined || node.alternative === undefined || tried.has(node)) return;
    tried.add(node);
    put(input, at, node.alternative);
    mended = true;
  });
  return mended;
}

function eachScalar(
  node: ConfigNode,
  path: readonly string[],
  visit: (node: ScalarNode, path: readonly string[]) => void,
): void {
  if (node.kind === 'scalar') return visit(node, path);
  const children = node.kind === 'map' ? node.entries : node.kind === 'list' ? node.items.entries() : [];
  for (const [key, child] of children) {
    if (child.kind === 'scalar' && !isOfInterest(child)) continue;
    eachScalar(child, [...path, String(key)], visit);
  }
}

/** Most are not, and a path of each would cost more than all the rest. */
function isOfInterest({ alternative, inexact, literal }: ScalarNode): boolean {
  return alternative !== undefined || inexact === true || literal !== undefined;
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
