import type { ConfigNode } from './config-node.js';

/** A mistake at a position of the text. */
export interface ReadProblem {
  /** `syntax`: of the text itself; `unresolved`: of what it takes from outside. */
  readonly code: 'syntax' | 'unresolved';
  readonly offset: number;
  readonly path: readonly string[];
  readonly message: string;
}

/** What one text says. */
export interface ReadResult {
  /** Undefined when the text is empty or cannot be parsed. */
  readonly root: ConfigNode | undefined;
  readonly problems: readonly ReadProblem[];
  /** False when the text is not YAML, so that what else it says is not known. */
  readonly parsed: boolean;
}
