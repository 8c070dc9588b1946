import type { SourceFile } from '../files/config-node.js';
import { HIDDEN, type IsSecretKey } from '../secret.js';

/** A line of a file as an error may show it, and where in it the caret goes. */
export interface ShownLine {
  readonly text: string;
  /** Counts from 1; 0 when what the caret would point at is not shown. */
  readonly column: number;
}

/**
 * The line of a place, fit to be printed: what follows a key that holds a secret is blanked, also where the line only
 * continues such a value, control characters are replaced, and of a long line the part around the place is taken.
 * It works on the text alone, since it is needed most where the text cannot be parsed.
 */
export function showLine(
  source: SourceFile,
  line: number,
  column: number,
  isSecretKey: IsSecretKey,
): ShownLine {
  // Whatever such a line holds, nobody reads it; and the patterns below must not meet it.
  const text = source.line(line).slice(0, MAX_LENGTH);
  if (column > text.length + 1) return { text: '…', column: 0 };
  if (continuesSecret(source, line, isSecretKey)) {
    const indent = /^\s*/.exec(text)?.[0] ?? '';
    return { text: printable(indent + HIDDEN), column: 0 };
  }
  const [cut] = secretStarts(text, isSecretKey);
  const shown = maskAfter(text, cut);
  // Masking the password of a URL moves what stands behind it.
  const moved = cut === undefined ? shown.length !== text.length : column > cut;
  return around(printable(shown), moved ? 0 : column);
}

/** A key as it may be shown: a misplaced quote can make a key out of half a file, with a secret's key and value in it. */
export function showKey(key: string, isSecretKey: IsSecretKey): string {
  return maskAfter(key, secretStarts(key.slice(0, MAX_LENGTH), isSecretKey)[0]);
}

function maskAfter(text: string, cut: number | undefined): string {
  return maskCredentials(cut === undefined ? text : text.slice(0, cut) + HIDDEN);
}

/** `postgres://user:hunter2@host` with the password blanked. */
export function maskCredentials(text: string): string {
  return text.replace(/(:\/\/[^\s:@/]*:)[^\s@/]+@/g, `$1${HIDDEN}@`);
}

/** A text without the control characters that move a terminal's cursor or change its colours; tabs stay. */
export function printable(text: string): string {
  return text.replace(/[^\t\P{C}]/gu, '·');
}

const MAX_WIDTH = 110;
const MAX_LENGTH = 2_000;

function around(text: string, column: number): ShownLine {
  if (text.length <= MAX_WIDTH) return { text, column };
  const start = Math.max(0, Math.min(column - 1 - MAX_WIDTH / 2, text.length - MAX_WIDTH));
  const head = start > 0 ? '…' : '';
  const tail = start + MAX_WIDTH < text.length ? '…' : '';
  const shown = head + text.slice(start, start + MAX_WIDTH) + tail;
  return { text: shown, column: column === 0 ? 0 : column - start + head.length };
}

/** Where the values of secret keys start within a line. */
function secretStarts(text: string, isSecretKey: IsSecretKey): number[] {
  return [...text.matchAll(WORD_KEY), ...text.matchAll(QUOTED_KEY)]
    .filter((match) => isSecretKey(match[1] ?? match[2] ?? ''))
    .map((match) => match.index + match[0].length)
    .toSorted((a, b) => a - b);
}

// Looked for apart, since in a broken text a quote may close in the middle of something else.
const WORD_KEY = /([^\s{}[\],:"'#]{1,200})["']?\s{0,20}[:=]\s*/g;
const QUOTED_KEY = /(?:"([^"]{0,200})"|'([^']{0,200})')\s{0,20}[:=]\s*/g;

/**
 * Whether a line lies inside of a value whose key, further up, holds a secret. Since the text may be broken anywhere,
 * a line is rather taken to do so than not.
 */
function continuesSecret(source: SourceFile, line: number, isSecretKey: IsSecretKey): boolean {
  let least = indentOf(source.line(line).slice(0, MAX_LENGTH));
  let next = least;
  for (let above = line - 1; above > 0 && line - above < MAX_LOOKBACK; above--) {
    const text = source.line(above).slice(0, MAX_LENGTH);
    if (text.trim() === '') continue;
    const indent = indentOf(text);
    for (const start of secretStarts(text, isSecretKey)) {
      const value = text.slice(start);
      // What follows a block header or nothing at all is the value, even if it is not indented as it should be.
      const below = /^([|>].*|[&!].*)?$/.test(value.trim()) && least >= next;
      if (indent < least || below || isOpen(value)) return true;
    }
    least = Math.min(least, indent);
    next = indent;
  }
  return false;
}

const MAX_LOOKBACK = 2_000;

function indentOf(text: string): number {
  return /^[\s-]*/.exec(text)?.[0].length ?? 0;
}

function isOpen(value: string): boolean {
  const quote = /^["']/.exec(value)?.[0];
  if (quote !== undefined) return !value.slice(1).includes(quote);
  const count = (pattern: RegExp): number => value.match(pattern)?.length ?? 0;
  return count(/[[{]/g) > count(/[\]}]/g);
}
