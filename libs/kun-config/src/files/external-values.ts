import { dirname, resolve } from 'node:path';
import { booleanWord } from './boolean-words.js';
import type { ScalarNode, SourceFile } from './config-node.js';
import type { RawScalar, ReadProblem, ScalarReader } from './read-result.js';
import { readSmallFile, UnreadableFile } from './small-file.js';
import { FILE_TAG } from './tree-builder.js';

/** What values outside of the files may come from. */
export interface ExternalValuesOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Keep what cannot be had as an unresolved node instead of a problem, as a check away from the target must. */
  readonly tolerant: boolean;
}

/** A value from outside that could not be had. */
export interface ExternalProblem extends ReadProblem {
  readonly source: SourceFile;
}

/**
 * Reads what a file takes from outside: `${NAME}` and `${NAME:-default}` from the environment (`$${` is a plain
 * `${`), `!file path` from a file, as secrets are mounted; a relative path starts at the file that names it.
 * One line break at the end of such a file does not belong to the value.
 *
 * A whole plain value `${PORT}` is typed as if its text stood in the file; where the schema wants a string it
 * stays one. What came from outside is never printed: reports show `${PORT}` and `!file …` instead.
 */
export class ExternalValues {
  readonly problems: ExternalProblem[] = [];
  /** What could not be had and was tolerated. */
  readonly unresolved: ExternalProblem[] = [];
  /** The files named by `!file`, found or not. */
  readonly files: string[] = [];
  readonly #pending: { node: Mutable<ScalarNode>; raw: RawScalar; file: string }[] = [];

  constructor(private readonly options: ExternalValuesOptions) {}

  /** To be handed to the reader of the YAML. Files are filled in by {@link ExternalValues.load} afterwards. */
  readonly read: ScalarReader = (raw) => {
    const text = raw.node.value;
    if (typeof text !== 'string') return raw.node;
    if (raw.tag === FILE_TAG) return this.#file(raw, text);
    return text.includes('${') ? this.#environment(raw, text) : raw.node;
  };

  /** Reads the files that were named. */
  async load(): Promise<void> {
    await Promise.all(
      this.#pending.map(async ({ node, raw, file }) => {
        try {
          node.value = (await readSmallFile(file)).toString('utf8').replace(/\r?\n$/, '');
        } catch (error) {
          if (!(error instanceof UnreadableFile)) throw error;
          node.unresolved = true;
          this.#fail(raw, `the file ${file} cannot be read (${error.message})`);
        }
      }),
    );
  }

  #file(raw: RawScalar, text: string): ScalarNode {
    const file = resolve(dirname(raw.node.source.path), text);
    this.files.push(file);
    const node: Mutable<ScalarNode> = {
      ...raw.node,
      value: '',
      secret: true,
      written: `${FILE_TAG} ${text}`,
    };
    delete node.alternative;
    if (text === '' || text.includes('\0')) this.#fail(raw, 'names no file');
    else this.#pending.push({ node, raw, file });
    return node;
  }

  #environment(raw: RawScalar, text: string): ScalarNode {
    const missing: string[] = [];
    let used = false;
    const value = text.replace(
      REFERENCE,
      (whole, escaped: string | undefined, name: string, fallback?: string) => {
        if (escaped !== undefined) return '${';
        used = true;
        // As in a shell, `:-` also stands in for a variable that is set to nothing.
        const set = this.options.env[name];
        if (set !== undefined && (set !== '' || fallback === undefined)) return set;
        if (fallback === undefined) missing.push(name);
        return fallback ?? whole;
      },
    );
    if (!used) return { ...raw.node, value };
    const node = { ...raw.node, written: text };
    if (missing.length > 0) {
      const names = missing.join(', ');
      this.#fail(
        raw,
        `the environment variable ${names} is not set; set it or write \${${missing[0]}:-default}`,
      );
      return { ...node, value, unresolved: true };
    }
    const typed = raw.plain ? raw.resolve(value) : value;
    // What the text means otherwise: the string that a schema may want, or the boolean for yes and no.
    const alternative = typed !== value ? value : raw.plain ? booleanWord(value) : undefined;
    return { ...node, value: typed, ...(alternative === undefined ? {} : { alternative }) };
  }

  #fail(raw: RawScalar, message: string): void {
    const to = this.options.tolerant ? this.unresolved : this.problems;
    to.push({
      code: 'unresolved',
      source: raw.node.source,
      offset: raw.node.offset,
      path: raw.path,
      message,
    });
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const REFERENCE = /(\$\$\{)|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;
