import type { ConfigProblem, ConfigProblemCode } from './config-error.js';
import { formatPath } from './config-path.js';
import type { ConfigNode, SourceFile } from './config-node.js';
import type { SchemaView } from './schema-view.js';
import { soundsSecret } from './secret.js';

/** Makes problems with their places, and knows what must not be shown in one. */
export class ProblemMaker {
  constructor(private readonly views: readonly SchemaView[]) {}

  at(
    source: SourceFile,
    offset: number,
    problem: {
      code: ConfigProblemCode;
      path: readonly PropertyKey[];
      message: string;
      suggestion?: string | undefined;
    },
  ): ConfigProblem {
    const { code, path, message, suggestion } = problem;
    return {
      code,
      key: formatPath(path),
      message,
      ...(suggestion === undefined ? {} : { suggestion }),
      ...source.place(offset),
    };
  }

  /** Whether a value must not be printed: by its node, its schema, or the sound of a key on its path. */
  isSecret(path: readonly PropertyKey[], node?: ConfigNode): boolean {
    if (node?.kind === 'scalar' && (node.secret === true || typeof node.value === 'boolean'))
      return node.secret === true;
    return path.some((key) => soundsSecret(String(key))) || this.views.some((view) => view.isSecret(path));
  }
}
