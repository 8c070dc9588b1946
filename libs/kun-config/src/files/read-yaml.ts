import { parseDocument, type Document } from 'yaml';
import type { SourceFile } from './config-node.js';
import type { ReadProblem, ReadResult, ScalarReader } from './read-result.js';
import type { IsSecretKey } from '../secret.js';
import { FILE_TAG, MAX_DEPTH, MAX_PROBLEMS, TreeBuilder } from './tree-builder.js';

/** What the reader of a text may be told. */
export interface ReadYamlOptions {
  /** Turns a string into what it means, which gets `!file` and `${NAME}` out of the way; default as written. */
  readonly readScalar?: ScalarReader;
  /** Which keys hold what must not be printed; default none. */
  readonly isSecretKey?: IsSecretKey;
}

/**
 * Reads YAML 1.2 (core schema) into nodes that know their place. Anchors, aliases and merge keys work; duplicate
 * keys, several documents, unknown tags, `__proto__` and anything that would expand or nest without bound are problems.
 */
export function readYaml(source: SourceFile, options: ReadYamlOptions = {}): ReadResult {
  const tooDeep = {
    code: 'syntax',
    offset: 0,
    path: [],
    message: `is nested deeper than ${MAX_DEPTH} levels`,
  } as const;
  if (flowDepth(source.text) > MAX_OPEN_BRACKETS) return unparsed([tooDeep]);
  let document: Document.Parsed;
  try {
    document = parseDocument(source.text, {
      // Checked here instead: the library compares every key with every other, seconds for a large map.
      uniqueKeys: false,
      prettyErrors: false,
      // Silence would also keep it from telling of a second document.
      logLevel: 'error',
      customTags: [{ tag: FILE_TAG, resolve: (text: string) => text }],
    });
  } catch (error) {
    // The parser recurses; a hostile text exhausts the stack.
    if (error instanceof RangeError) return unparsed([tooDeep]);
    throw error;
  }
  const wrong = [...document.errors, ...document.warnings];
  if (wrong.length > 0) {
    // One mistake often breaks several rules at the same place.
    const first = new Map(wrong.toReversed().map((each) => [each.pos[0], each] as const));
    const kept = wrong.filter((each) => first.get(each.pos[0]) === each).slice(0, MAX_PROBLEMS);
    return unparsed(
      kept.map(({ code, pos, message }) => syntaxProblem(pos[0], SYNTAX_MESSAGES[code] ?? message)),
    );
  }
  const { readScalar = (scalar) => scalar.node, isSecretKey = () => false } = options;
  return new TreeBuilder(source, document, readScalar, isSecretKey).read();
}

/** More brackets left open than this take the parser seconds to complain about. */
const MAX_OPEN_BRACKETS = 10_000;

/** Where the library's own words are short on the remedy, or repeat the text, which may be a secret. */
const SYNTAX_MESSAGES: Readonly<Record<string, string>> = {
  BAD_DQ_ESCAPE: 'has an escape that YAML does not know; double the backslash, or use single quotes',
  BAD_DIRECTIVE: 'has a directive (%) that is not understood',
  BAD_INDENT: 'is not indented like what is around it',
  BAD_SCALAR_START: 'starts with a character that must be quoted',
  RESOURCE_EXHAUSTION: `is nested deeper than ${MAX_DEPTH} levels`,
  MULTILINE_IMPLICIT_KEY: 'a key must stand in one line; is a quote or a colon missing?',
  MULTIPLE_DOCS: 'the file holds several documents; keep one',
  TAB_AS_INDENT: 'a tab cannot indent YAML; use spaces',
  TAG_RESOLVE_FAILED: 'has a tag that is not known here; only !file is',
};

function unparsed(problems: readonly ReadProblem[]): ReadResult {
  return { root: undefined, parsed: false, problems };
}

function syntaxProblem(offset: number, message: string): ReadProblem {
  // After a colon the library repeats the text, which may be a secret; the source line shows what may be shown.
  const short = (message.split('\n', 1)[0] ?? '').replace(/(?<=\w):( [^]*)?$/, '').replace(/\.$/, '');
  return { code: 'syntax', offset, path: [], message: short };
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
