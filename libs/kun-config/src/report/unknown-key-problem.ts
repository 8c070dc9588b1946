import { formatPath } from '../config-path.js';
import { nodeAt, type MapNode } from '../files/config-node.js';
import { nearest } from '../nearest.js';
import type { SchemaView } from '../schema/schema-view.js';
import type { ConfigProblem } from './config-error.js';
import type { ProblemMaker } from './problem-maker.js';

/** Says which key was likely meant, or which ones there are. */
export function unknownKeyProblem(
  path: readonly string[],
  root: MapNode,
  views: readonly SchemaView[],
  problems: ProblemMaker,
): ConfigProblem {
  const node = nodeAt(root, path) ?? root;
  const parent = path.slice(0, -1);
  if (node.source.foreign) {
    const message =
      'has a key that is not known and not shown, since the file is a link that leads out of the base';
    return problems.at(node.source, node.keyOffset, { code: 'unknown-key', path: [], message });
  }
  const names = [...new Set(views.flatMap((view) => view.namesAt(parent)))];
  const near = nearest(path.at(-1) ?? '', names);
  const listed = names.length === 0 || names.length > MAX_LISTED ? '' : `; known here: ${names.join(', ')}`;
  return problems.at(node.source, node.keyOffset, {
    code: 'unknown-key',
    path,
    message: `is not a known key${near === undefined ? listed : ''}`,
    suggestion: near === undefined ? undefined : formatPath([...parent, near]),
  });
}

const MAX_LISTED = 12;
