import { isAlias, isMap, isScalar, isSeq, type Document, type Scalar, type YAMLMap } from 'yaml';
import type { ConfigNode, ScalarNode, SourceFile, ReadProblem, ReadResult } from './config-node.js';
import { parseTemplate, PlaceholderError } from './placeholders.js';
import type { IsSecretKey } from '../secret.js';
import type { Shield } from './shield.js';
import { endOf, isExact, listItem, otherMeaning, scalarValue, startOf } from './yaml-values.js';

/** The tag of a value that is kept in its own file. */
export const FILE_TAG = '!file';

/** How deep a file may nest. */
export const MAX_DEPTH = 100;

/** Per file; a broken text or a bomb repeats the same problem endlessly. */
export const MAX_PROBLEMS = 10;

/** What aliases may add to a file, in values: enough for any honest use, too few for a bomb. */
const MAX_ALIASED_VALUES = 10_000;

/** Turns a parsed document into nodes. Aliases share the nodes of their anchor, so a bomb costs no memory. */
export class TreeBuilder {
  private readonly problems: ReadProblem[] = [];
  private readonly anchors = new Map<string, { node: ConfigNode; size: number }>();
  /** Values built so far, those that aliases repeat included. */
  private size = 0;
  private aliased = 0;
  /** Something was left out for its size, so problems with the rest would be misleading. */
  private exceeded = false;

  constructor(
    private readonly source: SourceFile,
    private readonly document: Document.Parsed,
    private readonly shield: Shield | undefined,
    private readonly isSecretKey: IsSecretKey,
  ) {}

  read(): ReadResult {
    const { contents } = this.document;
    const spot: Spot = { path: [], keyOffset: 0, end: 0, secret: false };
    const root = contents === null ? undefined : this.build(contents, spot);
    return { root, parsed: !this.exceeded, problems: this.problems };
  }

  private build(yaml: unknown, spot: Spot): ConfigNode {
    const before = this.size++;
    const node = this.node(yaml, spot);
    if ((isScalar(yaml) || isMap(yaml) || isSeq(yaml)) && yaml.anchor !== undefined) {
      this.anchors.set(yaml.anchor, { node, size: this.size - before });
    }
    return node;
  }

  private node(yaml: unknown, spot: Spot): ConfigNode {
    const at = this.at(yaml, spot);
    if (spot.path.length > MAX_DEPTH) {
      this.exceeded = true;
      this.problem(at.offset, spot.path.slice(0, 3), `is nested deeper than ${MAX_DEPTH} levels`);
      return { kind: 'unset', ...at, empty: false };
    }
    if (isAlias(yaml)) return this.alias(yaml.source, spot, at);
    if (isMap(yaml)) return { kind: 'map', ...at, entries: this.entries(yaml, spot) };
    if (isSeq(yaml)) {
      const items = yaml.items.map((item, index) => {
        const start = startOf(item) ?? at.offset;
        const path = [...spot.path, String(index)];
        return this.build(item, { path, keyOffset: start, end: start, secret: spot.secret });
      });
      return { kind: 'list', ...at, items: items.map(listItem) };
    }
    return isScalar(yaml) ? this.scalar(yaml, spot, at) : { kind: 'unset', ...at, empty: true };
  }

  private scalar(yaml: Scalar, spot: Spot, at: At): ConfigNode {
    const value = scalarValue(yaml.value);
    if (value === null && yaml.tag !== FILE_TAG)
      return { kind: 'unset', ...at, empty: (yaml.source ?? '') === '' };
    const plain = yaml.type === 'PLAIN';
    const written = yaml.source ?? '';
    const alternative = plain ? otherMeaning(value, written) : undefined;
    const node: ScalarNode = {
      kind: 'scalar',
      value,
      ...at,
      ...(alternative === undefined ? {} : { alternative }),
      ...(spot.secret && typeof value !== 'boolean' ? { secret: true } : {}),
      ...(typeof value !== 'string' && written !== String(value) ? { literal: written } : {}),
      ...(typeof value === 'number' && !isExact(value, written) ? { inexact: true } : {}),
    };
    const file = yaml.tag === FILE_TAG;
    return typeof value === 'string' || file ? this.text(node, written, yaml, spot, file) : node;
  }

  /** A string, which may name something outside of the file. */
  private text(node: ScalarNode, source: string, yaml: Scalar, spot: Spot, file: boolean): ConfigNode {
    if (!this.shield) return node;
    const type = yaml.type ?? 'PLAIN';
    const raw = String(node.value ?? source);
    // A comment after a block's header is not part of it.
    const start = type.startsWith('BLOCK') ? this.source.text.indexOf('\n', node.offset) : node.offset;
    const text = this.shield.uncover(raw, start, type);
    if (!file && !text.includes('${')) return node;
    if (file && (text === '' || text.includes('\0'))) {
      this.problem(node.offset, spot.path, 'names no file');
      return node;
    }
    try {
      const template = parseTemplate(text);
      if (!file && template.every((part) => typeof part === 'string'))
        return { ...node, value: template.join('') };
      const { alternative: _, ...rest } = node;
      const written = file ? `${FILE_TAG} ${text}` : text;
      return {
        ...rest,
        value: '',
        outside: { template, written, file, plain: file || type === 'PLAIN' },
        written,
        ...(file ? { secret: true } : {}),
      };
    } catch (error) {
      if (!(error instanceof PlaceholderError)) throw error;
      this.problem(node.offset, spot.path, error.message);
      return node;
    }
  }

  private entries(map: YAMLMap, { path, secret }: Spot): Map<string, ConfigNode> {
    const entries = new Map<string, ConfigNode>();
    const merged = new Map<string, ConfigNode>();
    for (const { key, value } of map.items) {
      const keyOffset = startOf(key) ?? startOf(map) ?? 0;
      const name = isScalar(key) ? this.key(key, keyOffset, path) : undefined;
      if (name === undefined) {
        if (!isScalar(key)) this.problem(keyOffset, path, 'has a key that is not a plain word');
        continue;
      }
      const inner = { keyOffset, end: endOf(key) ?? keyOffset, secret: secret || this.isSecretKey(name) };
      if (name === '<<' && isScalar(key) && key.type === 'PLAIN') {
        this.mergeKey(merged, this.build(value, { ...inner, path, secret }), path, keyOffset);
        continue;
      }
      const here = [...path, name];
      const entry = this.build(value, { ...inner, path: here });
      const first = entries.get(name);
      if (name === '__proto__') this.problem(keyOffset, here, 'is not allowed as a key');
      else if (first) {
        const { line } = this.source.place(first.keyOffset);
        this.problem(keyOffset, here, `is set twice, first in line ${line}`);
      } else entries.set(name, entry);
    }
    // A map's own keys override merged ones, wherever they are written.
    for (const [name, entry] of merged) if (!entries.has(name)) entries.set(name, entry);
    return entries;
  }

  /** Keys are text, whatever else they look like: `0123` and `1.10` stay what they are. */
  private key(key: Scalar, offset: number, path: readonly string[]): string | undefined {
    const written = key.type === 'PLAIN' ? (key.source ?? '') : String(key.value);
    const problem = (message: string): undefined => {
      this.problem(offset, path, message);
    };
    if (key.tag === FILE_TAG) return problem('has a key with !file; a key is written where it stands');
    if ((written === '' || written === '~') && key.type === 'PLAIN')
      return problem('has a key that is not a plain word');
    const name = this.shield?.uncover(written, offset, key.type ?? 'PLAIN') ?? written;
    if (!this.shield || !name.includes('${')) return name;
    try {
      const template = parseTemplate(name);
      if (template.every((part) => typeof part === 'string')) return template.join('');
      return problem('has a placeholder for a key; only values come from outside, so write the key itself');
    } catch (error) {
      if (!(error instanceof PlaceholderError)) throw error;
      return problem(error.message);
    }
  }

  private mergeKey(
    merged: Map<string, ConfigNode>,
    node: ConfigNode,
    path: readonly string[],
    keyOffset: number,
  ): void {
    for (const from of node.kind === 'list' ? node.items : [node]) {
      if (from.kind !== 'map') this.problem(keyOffset, path, 'merges (<<) something that is not a map');
      else for (const [name, entry] of from.entries) if (!merged.has(name)) merged.set(name, entry);
    }
  }

  private alias(name: string, { path }: Spot, at: At): ConfigNode {
    const target = this.anchors.get(name);
    if (!target) {
      this.problem(at.offset, path, `uses *${name}, but no &${name} is finished before it`);
      return { kind: 'unset', ...at, empty: false };
    }
    this.aliased += target.size;
    this.size += target.size;
    if (this.aliased > MAX_ALIASED_VALUES) {
      this.exceeded = true;
      this.problem(
        at.offset,
        path,
        `uses *${name}, and aliases add more than ${MAX_ALIASED_VALUES} values to the file`,
      );
      return { kind: 'unset', ...at, empty: false };
    }
    return { ...target.node, keyOffset: at.keyOffset };
  }

  private at(yaml: unknown, { keyOffset, end }: Spot): At {
    return { source: this.source, offset: startOf(yaml) ?? end, keyOffset, hid: NOTHING };
  }

  private problem(offset: number, path: readonly string[], message: string): void {
    if (this.problems.length < MAX_PROBLEMS) this.problems.push({ code: 'syntax', offset, path, message });
  }
}

/** Where in the tree a value is built. */
interface Spot {
  readonly path: readonly string[];
  readonly keyOffset: number;
  /** Where a value would start, when none is written. */
  readonly end: number;
  readonly secret: boolean;
}

type At = Pick<ScalarNode, 'source' | 'offset' | 'keyOffset' | 'hid'>;

const NOTHING: readonly ConfigNode[] = [];
