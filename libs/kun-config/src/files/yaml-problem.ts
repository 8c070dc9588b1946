import { isCollection, isScalar, visit, type Document, type YAMLError } from 'yaml';
import type { ReadProblem } from './config-node.js';

/**
 * What is wrong with a text that is not YAML: the first mistake, since what follows it mostly follows from it, where
 * it was made (the library tells where it noticed), in plain words and without the text itself, which may be secret.
 */
export function syntaxProblem(
  text: string,
  document: Document.Parsed,
  errors: readonly YAMLError[],
): ReadProblem {
  const first = errors.toSorted((a, b) => a.pos[0] - b.pos[0])[0];
  if (!first) throw new TypeError('there is no error');
  const [offset] = first.pos;
  const quote = errors.find(isOpenQuote);
  const [at, message] = (quote && openQuote(document, quote)) ??
    openBracket(document, first) ??
    (LAYOUT.has(first.code) ? misplacedLine(text, offset) : undefined) ?? [offset, plainWords(first)];
  return { code: 'syntax', offset: at, path: [], message };
}

/** A tag that is not supported. */
export function tagProblem({ code, pos, message }: YAMLError): ReadProblem {
  const name = /tag:yaml\.org,2002:([a-z-]{1,20})(?![^\s.,:])/.exec(message)?.[1];
  const said =
    code !== 'TAG_RESOLVE_FAILED'
      ? plainWords({ code, message })
      : name === undefined || TAGS[name] === undefined
        ? UNKNOWN_TAG
        : `has the tag !!${name}, ${TAGS[name]}`;
  return { code: 'syntax', offset: pos[0], path: [], message: said };
}

const UNKNOWN_TAG = 'has a tag that is not known here; only !file is';

type Found = readonly [offset: number, message: string];

/** Replaces library messages that lack the remedy or repeat the text. */
const MESSAGES: Readonly<Record<string, string>> = {
  BAD_DQ_ESCAPE: 'has an escape that YAML does not know; double the backslash, or use single quotes',
  BAD_DIRECTIVE: 'has a directive (%) that is not understood',
  BAD_INDENT: 'is not indented like what is around it',
  BAD_SCALAR_START: 'starts with a character that must be quoted',
  BLOCK_IN_FLOW: 'a comma or a closing bracket is missing before this',
  MULTILINE_IMPLICIT_KEY: 'a key must stand in one line; is a quote or a colon missing?',
  MULTIPLE_DOCS: 'the file holds several documents; keep one',
  TAB_AS_INDENT: 'a tab cannot indent YAML; use spaces',
};

const MISMATCH = 'which what follows does not fit';
const TAGS: Readonly<Record<string, string>> = {
  binary: 'which is not known here; write the Base64 text without it, or name a file with !file',
  timestamp: 'which is not known here; write the time in quotes',
  set: 'which is not known here; write a list',
  omap: 'which is not known here; write a map',
  pairs: 'which is not known here; write a list of maps',
  'ordered-map': 'which is not known here; write a map',
  merge: 'which is not known here; leave it out',
  value: 'which is not known here; leave it out',
  yaml: 'which is not known here; leave it out',
  int: MISMATCH,
  float: `${MISMATCH}: write 5.0, or leave it out`,
  bool: MISMATCH,
  null: MISMATCH,
  str: MISMATCH,
  map: MISMATCH,
  seq: MISMATCH,
};

function plainWords({ code, message }: Pick<YAMLError, 'code' | 'message'>): string {
  const known = MESSAGES[code];
  if (known !== undefined) return known;
  // These repeat the tag, which may be a secret that begins with an exclamation mark.
  if (/\btag\b/i.test(message)) return UNKNOWN_TAG;
  // After a colon the library repeats the text.
  return (message.split('\n', 1)[0] ?? '').replace(/(?<=\w):( [^]*)?$/, '').replace(/\.$/, '');
}

/** The parser misses a quote at the end of the file; the opening quote is where to look. */
function openQuote(document: Document.Parsed, { pos }: YAMLError): Found | undefined {
  let start: number | undefined;
  visit(document, {
    Scalar: (_, node) => {
      const from = node.range?.[0];
      if (node.type?.startsWith('QUOTE') && from !== undefined && from < pos[0]) start = from;
    },
  });
  return start === undefined ? undefined : [start, 'the quote that opens here is not closed'];
}

function isOpenQuote({ code, message }: YAMLError): boolean {
  return code === 'MISSING_CHAR' && /^Missing closing ["']/.test(message);
}

function openBracket(document: Document.Parsed, { message, pos }: YAMLError): Found | undefined {
  if (!/^Flow (map|sequence)\b.* end with a/.test(message)) return undefined;
  let start: number | undefined;
  visit(document, {
    Collection: (_, node) => {
      const [from = Infinity, to = 0] = node.range ?? [];
      if (isCollection(node) && !isScalar(node) && node.flow && from < pos[0] && to >= pos[0]) start = from;
    },
  });
  return start === undefined ? undefined : [start, 'the bracket that opens here is not closed'];
}

/** The library's error codes for lines that are indented wrongly. */
const LAYOUT: ReadonlySet<string> = new Set([
  'BAD_INDENT',
  'BLOCK_AS_IMPLICIT_KEY',
  'MULTILINE_IMPLICIT_KEY',
  'MISSING_CHAR',
  'UNEXPECTED_TOKEN',
]);

/** Finds the line that is indented wrongly: that of the error, or the one after it. */
function misplacedLine(text: string, offset: number): Found | undefined {
  const last = text.indexOf('\n', offset);
  let levels: readonly number[] = [];
  let above: Line | undefined;
  for (const line of linesOf(text)) {
    const near = line.end >= offset;
    const wrong = near ? misplaced(line, above, levels) : undefined;
    if (wrong !== undefined) return [line.start + line.indent, wrong];
    if (last < 0 || line.start > last) return undefined;
    levels = [...levels.filter((level) => level < line.indent), line.indent];
    if (line.item) levels = [...levels, line.content];
    above = line;
  }
  return undefined;
}

function misplaced(line: Line, above: Line | undefined, levels: readonly number[]): string | undefined {
  const deepest = levels.at(-1) ?? 0;
  if (above && line.indent > deepest && above.complete)
    return 'is indented deeper than the line above, which has its value already; indent both alike';
  if (line.indent < deepest && !levels.includes(line.indent) && levels.length > 0)
    return `is indented by ${spaces(line.indent)}, but what is above it by ${levels.map(String).join(' and ')}`;
  if (above && line.indent === above.indent && line.item !== above.item)
    return line.item
      ? 'is an item of a list among keys; indent it below the key that it belongs to'
      : 'is a key among the items of a list; indent it like the key that the list belongs to';
  return undefined;
}

interface Line {
  readonly start: number;
  readonly end: number;
  readonly indent: number;
  /** It begins with a dash. */
  readonly item: boolean;
  /** Where what follows the dash begins. */
  readonly content: number;
  /** It has a key and a value, so that nothing can stand below it. */
  readonly complete: boolean;
}

function* linesOf(text: string): Generator<Line> {
  for (let start = 0; start < text.length;) {
    const next = text.indexOf('\n', start);
    const end = next < 0 ? text.length : next;
    // Lines further right say nothing about the indentation.
    const line = text.slice(start, Math.min(end, start + 1_000));
    const [, blank = '', dashes = '', rest = ''] = /^( *)((?:- +)*)(.*)$/.exec(line) ?? [];
    if (rest.trim() !== '' && !rest.startsWith('#')) {
      const complete = /^[^#]*?: +[^\s#|>&!]/.test(rest);
      const indent = blank.length;
      yield {
        start,
        end,
        indent,
        item: dashes !== '' || rest === '-',
        content: indent + dashes.length,
        complete,
      };
    }
    start = end + 1;
  }
}

function spaces(count: number): string {
  return count === 1 ? '1 space' : `${count} spaces`;
}
