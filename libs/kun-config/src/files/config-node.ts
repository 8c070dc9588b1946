import { relative, isAbsolute } from 'node:path';
import type { LayerName } from './config-layers.js';
import type { Template } from './placeholders.js';

/** Where something stands in a file; line and column count from 1. */
export interface Place {
  /**
   * Path as shown to people: relative to the working directory when below it, else absolute. For a value of the
   * environment `environment variable NAME`, with line and column 0.
   */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Where a value may come from: one of the files, the environment, or a test's options. */
export type SourceLayer = LayerName | 'Environment' | 'Overrides';

/** How a source differs from a file of the tree. */
export interface SourceTraits {
  /** Shown in place of the path. Default: the path as in {@link Place} */
  readonly display?: string;
  /** The file is a link that leads out of the base directory, so none of its text may be shown. */
  readonly foreign?: boolean;
}

/** One text that values were read from. */
export class SourceFile {
  /** The path as shown to people. */
  readonly display: string;
  /** None of its text may be shown. */
  readonly foreign: boolean;
  private lineStarts: number[] | undefined;

  constructor(
    readonly path: string,
    readonly layer: SourceLayer,
    readonly text: string,
    { display = displayPath(path), foreign = false }: SourceTraits = {},
  ) {
    this.display = display;
    this.foreign = foreign;
  }

  place(offset: number): Place {
    if (this.layer === 'Environment') return { file: this.display, line: 0, column: 0 };
    const starts = this.starts();
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { file: this.display, line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  }

  /** The text of one line, counted from 1, without its line break. */
  line(number: number): string {
    const starts = this.starts();
    const start = starts[number - 1];
    if (start === undefined) return '';
    return this.text.slice(start, starts[number] ?? this.text.length).replace(/\r?\n$/, '');
  }

  // Positions are looked up only for errors and explanations, so most files never pay for this.
  private starts(): number[] {
    if (this.lineStarts) return this.lineStarts;
    const starts = [0];
    for (let at = this.text.indexOf('\n'); at >= 0; at = this.text.indexOf('\n', at + 1)) starts.push(at + 1);
    return (this.lineStarts = starts);
  }
}

/** A value that is kept outside the file. */
export interface Outside {
  /** The text, or the path of the file with `!file`. */
  readonly template: Template;
  /** How the file refers to it; absent for a variable that sets a key by its name. */
  readonly written?: string;
  readonly file: boolean;
  /** Neither quoted nor a block: the text may mean a number, a boolean, a list or a map. */
  readonly plain: boolean;
}

interface NodeBase {
  readonly source: SourceFile;
  /** Where the value starts. */
  readonly offset: number;
  /** Where its key starts, for a value of a map. */
  readonly keyOffset: number;
  /** The values that outer layers had at this key, nearest first. */
  readonly hid: readonly ConfigNode[];
  /** Printed instead of a value that came from outside the file. */
  readonly written?: string;
}

/** A map; its keys are in the order of the outermost layer that has them. */
export interface MapNode extends NodeBase {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, ConfigNode>;
}

/** A list, which always comes from one layer. */
export interface ListNode extends NodeBase {
  readonly kind: 'list';
  readonly items: readonly ConfigNode[];
}

/** A single value. */
export interface ScalarNode extends NodeBase {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  /** What the same text means where the schema refuses `value`: `true` for `yes`. */
  readonly alternative?: Plain;
  /** The text of a number or boolean where printing the value would give another one: `1.10`, `0x1F`. */
  readonly literal?: string;
  /** The number differs from the one written, which its type cannot hold. */
  readonly inexact?: boolean;
  /** The source of the value; never present once outside values have been read. */
  readonly outside?: Outside;
  /** Must never be printed. */
  readonly secret?: boolean;
  /** Its environment variable or file was missing, and the caller asked to tolerate that. */
  readonly unresolved?: boolean;
}

/** A key written as `null`: it returns to the schema's default, whatever outer layers said. */
export interface UnsetNode extends NodeBase {
  readonly kind: 'unset';
  /** Nothing follows the key, which may be an oversight. */
  readonly empty: boolean;
}

/** A value of the configuration together with the place that it came from. */
export type ConfigNode = MapNode | ListNode | ScalarNode | UnsetNode;

/** A plain value for validators; unset keys are absent. */
export type Plain = string | number | boolean | null | Plain[] | { [key: string]: Plain };

/** The plain value of a node. */
export function toPlain(node: ConfigNode): Plain {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(toPlain);
  if (node.kind === 'unset') return null;
  // No key is ever `__proto__`: reading refuses it.
  const plain: { [key: string]: Plain } = {};
  for (const [key, entry] of node.entries) if (entry.kind !== 'unset') plain[key] = toPlain(entry);
  return plain;
}

/** The node at a path, also an unset one; undefined when nothing was written there. */
export function nodeAt(root: ConfigNode, path: readonly PropertyKey[]): ConfigNode | undefined {
  let node: ConfigNode | undefined = root;
  for (const key of path) {
    if (node?.kind === 'map') node = node.entries.get(String(key));
    else if (node?.kind === 'list') node = node.items[Number(key)];
    else return undefined;
  }
  return node;
}

function displayPath(path: string): string {
  const near = relative(process.cwd(), path);
  return near === '' || near.startsWith('..') || isAbsolute(near) ? path : near;
}

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
  /** False when the text is not YAML, so that nothing else about it is known. */
  readonly parsed: boolean;
}
