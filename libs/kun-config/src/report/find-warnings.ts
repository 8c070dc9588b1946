import type { ConfigProblem } from './config-error.js';
import type { ConfigNode, MapNode } from '../files/config-node.js';
import type { ProblemMaker } from './problem-maker.js';
import type { SchemaView } from '../schema/schema-view.js';

/** Finds what is allowed but probably unintended: an empty section that hides an outer one, a deprecated key. */
export function findWarnings(
  root: MapNode,
  views: readonly SchemaView[],
  problems: ProblemMaker,
): ConfigProblem[] {
  const warnings: ConfigProblem[] = [];
  const visit = (node: ConfigNode, path: readonly string[]): void => {
    if (node.kind === 'unset' && node.empty && node.hid[0]?.kind === 'map') {
      const { file, line } = node.hid[0].source.place(node.hid[0].keyOffset);
      const message = `is empty, which unsets the whole section of ${file}:${line}; write null if that is meant`;
      warnings.push(problems.at(node.source, node.keyOffset, { code: 'unset-section', path, message }));
    }
    const deprecated = node.kind === 'unset' ? undefined : deprecation(views, path);
    if (deprecated !== undefined) {
      const message = `is deprecated${deprecated === '' ? '' : `: ${deprecated}`}`;
      warnings.push(problems.at(node.source, node.keyOffset, { code: 'deprecated', path, message }));
    }
    if (node.kind === 'map') for (const [key, child] of node.entries) visit(child, [...path, key]);
  };
  visit(root, []);
  return warnings;
}

function deprecation(views: readonly SchemaView[], path: readonly string[]): string | undefined {
  for (const view of views) {
    const found = view.written(path).find((schema) => schema.deprecated === true);
    if (found) return (found.description ?? '').replace(/\.$/, '');
  }
  return undefined;
}
