import type { ConfigProblem } from './config-error.js';
import { nodeAt, type ConfigNode, type MapNode } from '../files/config-node.js';
import { describeAllowed, describeFound, suggestValue } from './describe-value.js';
import { fits } from '../schema/fits.js';
import type { Issue } from '../schema/issue.js';
import type { JsonSchema } from '../schema/json-schema.js';
import type { ProblemMaker } from './problem-maker.js';
import type { SchemaView } from '../schema/schema-view.js';
import { HIDDEN } from '../secret.js';

/** Turns an issue into a problem: where the value is, what it is, and what is allowed. */
export function explainIssue(
  issue: Issue,
  root: MapNode,
  view: SchemaView | undefined,
  problems: ProblemMaker,
): ConfigProblem {
  const { path } = issue;
  const node = nodeAt(root, path);
  if (node === undefined || node.kind === 'unset') return explainMissing(issue, node, root, view, problems);
  const allowed = allowedAt(view, issue);
  const secret = problems.isSecret(path, node);
  const found = describeFound(node, secret);
  const value = node.kind === 'scalar' ? node.value : node.kind === 'list' ? [] : {};
  const expected = describeAllowed(allowed);
  const at = { code: 'invalid-value', path } as const;
  if (node.kind === 'scalar' && node.inexact === true && fits(value, allowed)) {
    const message = `is a number with more digits than can be held, ${found}; write ${secret ? 'fewer' : String(node.value)}, or quotes if it is a text`;
    return problems.at(node.source, node.offset, { ...at, message });
  }
  if (expected !== undefined && !fits(value, allowed)) {
    const suggestion = secret ? undefined : suggestValue(node, allowed);
    // A schema that words its own expectation knows better what the value is for.
    if (issue.message.startsWith('expected ')) {
      const message = `${hide(issue.message, node, secret)}, found ${found}`;
      return problems.at(node.source, node.offset, { ...at, message, suggestion });
    }
    return problems.at(node.source, node.offset, {
      ...at,
      message: `expected ${expected}, found ${found}`,
      suggestion,
    });
  }
  const message = hide(issue.message, node, secret);
  return problems.at(node.source, node.offset, {
    ...at,
    message: node.kind === 'scalar' ? `${message}, found ${found}` : message,
  });
}

function explainMissing(
  issue: Issue,
  node: ConfigNode | undefined,
  root: MapNode,
  view: SchemaView | undefined,
  problems: ProblemMaker,
): ConfigProblem {
  const { path } = issue;
  const required = view?.requires(path) || /undefined|required|missing/i.test(issue.message);
  const expected = describeAllowed(allowedAt(view, issue));
  const nothing = node ? 'this unsets it' : 'no layer sets it';
  const message = required
    ? `is required, but ${nothing}${expected === undefined ? '' : `; expected ${expected}`}`
    : issue.message;
  let around: ConfigNode = root;
  for (let length = path.length - 1; length > 0 && around === root; length--) {
    around = nodeAt(root, path.slice(0, length)) ?? root;
  }
  const place = node ?? around;
  return problems.at(place.source, place.keyOffset, { code: 'missing-value', path, message });
}

function allowedAt(view: SchemaView | undefined, issue: Issue): JsonSchema[] {
  const known = (view?.allowed(issue.path) ?? []).filter(
    (each) => each.type !== undefined || each.enum !== undefined || 'const' in each,
  );
  if (known.length > 0 || issue.expected === undefined) return known;
  const type = { boolean: 'boolean', string: 'string', number: 'number', Object: 'object', Array: 'array' }[
    issue.expected
  ];
  return type === undefined ? [] : [{ type }];
}

/** Some libraries repeat the received value in the message. */
function hide(message: string, node: ConfigNode, secret: boolean): string {
  if (node.kind !== 'scalar' || (!secret && node.written === undefined)) return message;
  const text = String(node.value);
  return text === '' ? message : message.replaceAll(text, HIDDEN);
}
