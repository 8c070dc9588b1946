import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  parseDocument,
  type Document,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import { booleanWord } from './boolean-words.js';
import type { ConfigProblemCode } from './config-error.js';
import type { ConfigNode, ScalarNode, SourceFile } from './config-node.js';

/** A mistake at a position of the text. */
export interface ReadProblem {
  readonly code: ConfigProblemCode;
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

/** Turns a scalar of the file into what it means: gets `!file` and `${NAME}` out of the way. */
export type ScalarReader = (scalar: RawScalar) => ScalarNode;

/** A scalar as it is written. */
export interface RawScalar {
  readonly node: ScalarNode;
  readonly tag: string | undefined;
  /** Neither quoted nor a block: its text may mean a number or a boolean. */
  readonly plain: boolean;
  readonly path: readonly string[];
  /** What a plain text means to YAML. */
  resolve(text: string): ScalarNode['value'];
}

/**
 * Reads YAML 1.2 (core schema) into nodes that know their place. Anchors, aliases and merge keys work; duplicate
 * keys, several documents, unknown tags, `__proto__` and anything that would expand or nest without bound are problems.
 */
export function readYaml(source: SourceFile, readScalar: ScalarReader = (scalar) => scalar.node): ReadResult {
  const tooDeep = { code: 'syntax', path: [], message: `is nested deeper than ${MAX_DEPTH} levels` } as const;
  if (flowDepth(source.text) > MAX_OPEN_BRACKETS) {
    return { root: undefined, parsed: false, problems: [{ ...tooDeep, offset: 0 }] };
  }
  let document: Document.Parsed;
  try {
    document = parseDocument(source.text, {
      // Checked here instead: the library compares every key with every other, seconds for a large map.
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'silent',
      customTags: [{ tag: FILE_TAG, resolve: (text: string) => text }],
    });
  } catch (error) {
    // The parser recurses; a hostile text exhausts the stack.
    if (error instanceof RangeError)
      return { root: undefined, parsed: false, problems: [{ ...tooDeep, offset: 0 }] };
    throw error;
  }
  const syntax = [...document.errors, ...document.warnings].slice(0, MAX_SYNTAX_PROBLEMS).map((error) => ({
    code: 'syntax' as const,
    offset: error.pos[0],
    path: [],
    message: SYNTAX_MESSAGES[error.code] ?? firstLine(error.message),
  }));
  if (syntax.length > 0) return { root: undefined, parsed: false, problems: syntax };
  const builder = new TreeBuilder(source, document, readScalar);
  const root = document.contents === null ? undefined : builder.build(document.contents, [], 0, 0);
  return { root, parsed: true, problems: builder.problems };
}

/** The tag of a value that stands in a file of its own. */
export const FILE_TAG = '!file';

const MAX_DEPTH = 100;
/** More brackets left open than this take the parser seconds to complain about. */
const MAX_OPEN_BRACKETS = 10_000;
const MAX_SYNTAX_PROBLEMS = 10;
/** What aliases may add to a file, in values: enough for any honest use, too few for a bomb. */
const MAX_ALIASED_VALUES = 10_000;

const SYNTAX_MESSAGES: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'a tab cannot indent YAML; use spaces',
  MULTIPLE_DOCS: 'the file holds several documents; keep one',
  TAG_RESOLVE_FAILED: 'has a tag that is not known here; only !file is',
};

class TreeBuilder {
  readonly problems: ReadProblem[] = [];
  readonly #anchors = new Map<string, { node: ConfigNode; size: number }>();
  /** Values built so far, those that aliases repeat included. */
  #size = 0;
  #aliased = 0;

  constructor(
    private readonly source: SourceFile,
    private readonly document: Document.Parsed,
    private readonly readScalar: ScalarReader,
  ) {}

  build(yaml: unknown, path: readonly string[], keyOffset: number, end: number): ConfigNode {
    const before = this.#size++;
    const node = this.#node(yaml, path, keyOffset, end);
    if ((isScalar(yaml) || isMap(yaml) || isSeq(yaml)) && yaml.anchor !== undefined) {
      this.#anchors.set(yaml.anchor, { node, size: this.#size - before });
    }
    return node;
  }

  #node(yaml: unknown, path: readonly string[], keyOffset: number, end: number): ConfigNode {
    const at = { source: this.source, offset: startOf(yaml) ?? end, keyOffset, hid: NOTHING };
    if (path.length > MAX_DEPTH) {
      this.#problem(at.offset, path.slice(0, 3), `is nested deeper than ${MAX_DEPTH} levels`);
      return { kind: 'unset', ...at, empty: false };
    }
    if (isAlias(yaml)) return this.#alias(yaml.source, path, at.offset, keyOffset);
    if (isMap(yaml)) return { kind: 'map', ...at, entries: this.#entries(yaml, path) };
    if (isSeq(yaml)) {
      const items = yaml.items.map((item, index) =>
        this.build(item, [...path, String(index)], at.offset, at.offset),
      );
      return { kind: 'list', ...at, items: items.map(listItem) };
    }
    if (!isScalar(yaml)) return { kind: 'unset', ...at, empty: true };
    return this.#scalar(yaml, path, at);
  }

  #scalar(yaml: Scalar, path: readonly string[], at: Omit<ScalarNode, 'kind' | 'value'>): ConfigNode {
    const value = scalarValue(yaml.value);
    if (value === null && yaml.tag !== FILE_TAG) {
      return { kind: 'unset', ...at, empty: (yaml.source ?? '') === '' };
    }
    const plain = yaml.type === 'PLAIN';
    const alternative = plain ? otherMeaning(value, yaml.source ?? '') : undefined;
    const node: ScalarNode = {
      kind: 'scalar',
      value,
      ...at,
      ...(alternative === undefined ? {} : { alternative }),
    };
    if (typeof value !== 'string') return node;
    return this.readScalar({ node, tag: yaml.tag, plain, path, resolve: (text) => this.#resolve(text) });
  }

  #entries(map: YAMLMap, path: readonly string[]): Map<string, ConfigNode> {
    const entries = new Map<string, ConfigNode>();
    const merged = new Map<string, ConfigNode>();
    for (const { key, value } of map.items) {
      const keyOffset = startOf(key) ?? startOf(map) ?? 0;
      if (!isScalar(key)) {
        this.#problem(keyOffset, path, 'has a key that is not a plain word');
        continue;
      }
      const name = String(scalarValue(key.value) ?? '');
      if (name === '<<' && key.type === 'PLAIN') {
        this.#mergeKey(merged, this.build(value, path, keyOffset, keyOffset), path, keyOffset);
        continue;
      }
      const here = [...path, name];
      const entry = this.build(value, here, keyOffset, endOf(key) ?? keyOffset);
      const first = entries.get(name);
      if (name === '__proto__') this.#problem(keyOffset, here, 'is not allowed as a key');
      else if (key.value === null) this.#problem(keyOffset, path, 'has a key without a name');
      else if (first)
        this.#problem(keyOffset, here, `is set twice, first in line ${this.#line(first.keyOffset)}`);
      else entries.set(name, entry);
    }
    // What a map says itself wins over what it merges in, wherever it stands.
    for (const [name, entry] of merged) if (!entries.has(name)) entries.set(name, entry);
    return entries;
  }

  #mergeKey(
    merged: Map<string, ConfigNode>,
    node: ConfigNode,
    path: readonly string[],
    keyOffset: number,
  ): void {
    for (const from of node.kind === 'list' ? node.items : [node]) {
      if (from.kind !== 'map') {
        this.#problem(keyOffset, path, 'merges (<<) something that is not a map');
        continue;
      }
      for (const [name, entry] of from.entries) if (!merged.has(name)) merged.set(name, entry);
    }
  }

  #alias(name: string, path: readonly string[], offset: number, keyOffset: number): ConfigNode {
    const target = this.#anchors.get(name);
    const missing: ConfigNode = {
      kind: 'unset',
      source: this.source,
      offset,
      keyOffset,
      hid: NOTHING,
      empty: false,
    };
    if (!target) {
      this.#problem(offset, path, `uses *${name}, but no &${name} is finished before it`);
      return missing;
    }
    this.#aliased += target.size;
    this.#size += target.size;
    if (this.#aliased > MAX_ALIASED_VALUES) {
      this.#problem(
        offset,
        path,
        `uses *${name}, and aliases add more than ${MAX_ALIASED_VALUES} values to the file`,
      );
      return missing;
    }
    return { ...target.node, keyOffset };
  }

  #resolve(text: string): ScalarNode['value'] {
    for (const tag of this.document.schema.tags) {
      if (!('resolve' in tag) || !tag.default || tag.collection || !tag.test?.test(text)) continue;
      const value: unknown = tag.resolve(text, () => undefined, {});
      if (value === null || typeof value === 'number' || typeof value === 'boolean') return value;
    }
    return text;
  }

  #line(offset: number): number {
    return this.source.place(offset).line;
  }

  #problem(offset: number, path: readonly string[], message: string): void {
    // A bomb repeats the same complaint for every branch.
    if (this.problems.length < MAX_SYNTAX_PROBLEMS)
      this.problems.push({ code: 'syntax', offset, path, message });
  }
}

const NOTHING: readonly ConfigNode[] = [];

/** A list replaces as a whole, so there is nothing in it that `null` could unset: there it is a value. */
function listItem(node: ConfigNode): ConfigNode {
  if (node.kind !== 'unset') return node;
  const { source, offset, keyOffset, hid } = node;
  return { kind: 'scalar', value: null, source, offset, keyOffset, hid };
}

function otherMeaning(value: ScalarNode['value'], text: string): string | boolean | undefined {
  if (typeof value === 'string') return booleanWord(value);
  // An identifier of many digits, which a number cannot hold.
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) return text;
  return undefined;
}

function scalarValue(value: unknown): ScalarNode['value'] {
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return value;
  // The core schema makes nothing else; a key may also be a symbol (`<<`).
  return typeof value === 'string' ? value : '<<';
}

function startOf(yaml: unknown): number | undefined {
  return isNode(yaml) ? yaml.range?.[0] : undefined;
}

function endOf(yaml: unknown): number | undefined {
  return isNode(yaml) ? yaml.range?.[1] : undefined;
}

function firstLine(text: string): string {
  return (text.split('\n', 1)[0] ?? '').replace(/[.:]$/, '');
}

function flowDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x5b || code === 0x7b) deepest = Math.max(deepest, ++depth);
    else if (code === 0x5d || code === 0x7d) depth = Math.max(0, depth - 1);
  }
  return deepest;
}
