import { dirname, resolve } from 'node:path';
import {
  SourceFile,
  toPlain,
  type ConfigNode,
  type MapNode,
  type Outside,
  type ScalarNode,
  type ReadProblem,
} from './config-node.js';
import { expand } from './placeholders.js';
import { readYaml } from './read-yaml.js';
import { readSmallFile, UnreadableFileError, type SmallFileOptions } from './small-file.js';

/**
 * What a schema wants where a text from outside goes. `text`: the text, whatever it looks like. `words`: the text if
 * it is one of some, else what the file would read. `mixed`: the other way round. `other`: what the file would read.
 */
export type WantedKind = 'text' | 'words' | 'mixed' | 'other';

/** Where values outside the files may come from. */
export interface OutsideValuesOptions extends SmallFileOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Keep a missing value as an unresolved node instead of a problem, as a check away from the target machine must. */
  readonly tolerant: boolean;
  /** Asked for each plain value, with the text that goes there. */
  readonly wanted: (path: readonly string[], reading: unknown, text: string) => Promise<WantedKind>;
}

/** A value from outside that was missing. */
export interface OutsideProblem extends ReadProblem {
  readonly source: SourceFile;
}

/**
 * Puts in what files take from outside: `${NAME}` from the environment, `!file path` from a file, as secrets are
 * mounted; a relative path starts at the file that names it. One line break at the end of such a file does not belong
 * to the value.
 *
 * Where the schema wants text, it gets the text. Elsewhere the text is read as if it stood in the file in place of
 * the placeholder, so that it has the same value and the same faults; in quotes it is text, as all is in quotes. What
 * came from outside names nothing further outside and is never printed: reports show `${PORT}` and `!file …` instead.
 */
export class OutsideValues {
  readonly problems: OutsideProblem[] = [];
  /** The missing values that were tolerated. */
  readonly unresolved: OutsideProblem[] = [];
  /** The files named by `!file`, found or not. */
  readonly files = new Set<string>();
  private readonly contents = new Map<string, Promise<string | UnreadableFileError>>();
  private bytes = 0;

  constructor(private readonly options: OutsideValuesOptions) {}

  /** The same tree with all values in place. */
  async settle(root: MapNode): Promise<MapNode> {
    const settled = await this.settleNode(root, []);
    return settled.kind === 'map' ? settled : root;
  }

  private async settleNode(node: ConfigNode, path: readonly string[]): Promise<ConfigNode> {
    if (node.kind === 'scalar') return node.outside ? this.value(node, node.outside, path) : node;
    if (!hasOutside(node)) return node;
    if (node.kind === 'list') {
      const items: ConfigNode[] = [];
      for (const [index, item] of node.items.entries())
        items.push(await this.settleNode(item, [...path, String(index)]));
      return { ...node, items };
    }
    if (node.kind === 'unset') return node;
    const entries = new Map<string, ConfigNode>();
    for (const [key, entry] of node.entries) entries.set(key, await this.settleNode(entry, [...path, key]));
    return { ...node, entries };
  }

  private async value(node: ScalarNode, outside: Outside, path: readonly string[]): Promise<ConfigNode> {
    const { outside: _, ...bare } = node;
    const expanded = expand(outside.template, this.options.env);
    const [first] = expanded.missing;
    if (first !== undefined) {
      const names = [...new Set(expanded.missing)].join(', ');
      const message = `the environment variable ${names} is not set; set it or write \${${first}:-default}`;
      return this.fail(bare, path, message);
    }
    let { text } = expanded;
    if (outside.file) {
      const file = resolve(dirname(node.source.path), text);
      const content = await this.read(file);
      if (content instanceof UnreadableFileError)
        return this.fail(bare, path, `the file ${file} cannot be read (${content.message})`);
      text = content;
    }
    return outside.plain ? this.plain(bare, text, path) : { ...bare, value: text };
  }

  private async plain(node: ScalarNode, text: string, path: readonly string[]): Promise<ConfigNode> {
    const { root, message } = readFragment(text);
    const reading = root && at(root, node);
    const plain = reading ? toPlain(reading) : undefined;
    const wanted = await this.options.wanted(path, plain, text);
    const asText: ScalarNode = { ...node, value: text };
    if (wanted === 'text') return asText;
    if (wanted === 'words') return plain === undefined ? asText : { ...asText, alternative: plain };
    if (reading && node.source.layer === 'Environment' && reading.kind === 'unset' && reading.empty) {
      return this.fail(node, path, 'is empty; take the variable away, or say null for the default');
    }
    if (reading?.kind === 'scalar' && wanted === 'mixed') return { alternative: text, ...reading };
    if (reading) return reading;
    if (wanted === 'mixed') return asText;
    return this.fail(node, path, `what ${describe(node)} gives is not a value here: it ${message}`);
  }

  private fail(node: ScalarNode, path: readonly string[], message: string): ScalarNode {
    const to = this.options.tolerant ? this.unresolved : this.problems;
    to.push({ code: 'unresolved', source: node.source, offset: node.offset, path, message });
    return { ...node, unresolved: true };
  }

  private read(file: string): Promise<string | UnreadableFileError> {
    const before = this.contents.get(file);
    if (before) return before;
    this.files.add(file);
    const content = this.readNew(file);
    this.contents.set(file, content);
    return content;
  }

  private async readNew(file: string): Promise<string | UnreadableFileError> {
    if (this.bytes > MAX_BYTES)
      return new UnreadableFileError(`the files named before it have more than ${MAX_BYTES} bytes`);
    try {
      const bytes = await readSmallFile(file, this.options);
      this.bytes += bytes.length;
      return bytes.toString('utf8').replace(/\r?\n$/, '');
    } catch (error) {
      if (error instanceof UnreadableFileError) return error;
      throw error;
    }
  }
}

/** The limit for all files that `!file` names together. */
const MAX_BYTES = 16 * 1024 * 1024;

function hasOutside(node: ConfigNode): boolean {
  if (node.kind === 'scalar') return node.outside !== undefined;
  if (node.kind === 'list') return node.items.some(hasOutside);
  return node.kind === 'map' && [...node.entries.values()].some(hasOutside);
}

/** Reads a text as the value of a key: in its line, or below it when it has several. */
function readFragment(text: string): { root?: ConfigNode; message?: string } {
  const trimmed = text.trimEnd();
  const document = /[\n\r]/.test(trimmed) ? `V:\n${trimmed.replace(/^/gm, ' ')}\n` : `V: ${text}\n`;
  const { root, problems } = readYaml(new SourceFile('outside', 'Overrides', document));
  const [problem] = problems;
  if (problem) return { message: problem.message };
  const value = root?.kind === 'map' && root.entries.size === 1 ? root.entries.get('V') : undefined;
  return value ? { root: value } : { message: 'is more than one value' };
}

/** Moves a value that was read elsewhere to the place of its placeholder. */
function at(node: ConfigNode, place: ScalarNode): ConfigNode {
  const { source, offset, keyOffset, written, secret } = place;
  const from = {
    source,
    offset,
    keyOffset,
    hid: place.hid,
    ...(written === undefined ? {} : { written }),
  };
  if (node.kind === 'map') {
    const entries = new Map([...node.entries].map(([key, entry]) => [key, at(entry, place)] as const));
    return { kind: 'map', ...from, entries };
  }
  if (node.kind === 'list')
    return { kind: 'list', ...from, items: node.items.map((item) => at(item, place)) };
  if (node.kind === 'unset') return { ...node, ...from };
  return { ...node, ...from, ...(secret || node.secret ? { secret: true } : {}) };
}

function describe(node: ScalarNode): string {
  return node.written ?? 'the variable';
}
