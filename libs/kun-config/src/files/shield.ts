import type { Scalar } from 'yaml';
import { parse } from 'yaml';
import { placeholderEnd } from './placeholders.js';

/**
 * Keeps the placeholders of a file from being read as YAML, whose braces, colons and hashes they contain: each is
 * covered by as many letters of no meaning, so that all positions stay what they are, and uncovered in what was read.
 */
export class Shield {
  /** The text with its placeholders covered. */
  readonly text: string;
  private readonly covered: Array<{ readonly offset: number; readonly raw: string }> = [];
  private readonly pattern: RegExp | undefined;

  constructor(source: string) {
    const pair = source.includes('${') ? unusedPair(source) : undefined;
    this.text = pair === undefined ? source : this.cover(source, pair);
    this.pattern =
      pair === undefined || this.covered.length === 0 ? undefined : new RegExp(`${pair[0]}${pair[1]}*`, 'g');
  }

  /** Whether something in a text is covered. */
  covers(text: string): boolean {
    return this.pattern !== undefined && text.search(this.pattern) >= 0;
  }

  /**
   * The text of a scalar as it would be without a cover.
   *
   * @param start where the scalar stands in the file
   */
  uncover(text: string, start: number, type?: Scalar.Type): string {
    if (this.pattern === undefined) return text;
    let next = this.firstFrom(start);
    return text.replace(this.pattern, () => unquoted(this.covered[next++]?.raw ?? '', type));
  }

  private cover(source: string, [first, rest]: readonly [string, string]): string {
    let covered = '';
    let done = 0;
    for (let at = source.indexOf('${'); at >= 0; at = source.indexOf('${', Math.max(at + 2, done))) {
      const offset = at > done && source[at - 1] === '$' ? at - 1 : at;
      const end = placeholderEnd(source, at);
      if (end === undefined) continue;
      covered += source.slice(done, offset) + first + rest.repeat(end - offset - 1);
      this.covered.push({ offset, raw: source.slice(offset, end) });
      done = end;
    }
    return covered + source.slice(done);
  }

  private firstFrom(start: number): number {
    let low = 0;
    let high = this.covered.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.covered[middle]?.offset ?? 0) < start) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Two letters of Unicode's private area that a text does not have; files have none, so the first ones do. */
function unusedPair(source: string): readonly [string, string] | undefined {
  for (let code = 0xe000; code < 0xf8ff; code += 2) {
    const pair = [String.fromCharCode(code), String.fromCharCode(code + 1)] as const;
    if (!pair.some((letter) => source.includes(letter))) return pair;
  }
  return undefined;
}

/** A placeholder within quotes, of which YAML would have taken its escapes. */
function unquoted(raw: string, type: Scalar.Type | undefined): string {
  if (type === 'QUOTE_SINGLE') return raw.replaceAll("''", "'");
  if (type !== 'QUOTE_DOUBLE' || !raw.includes('\\')) return raw;
  try {
    const value: unknown = parse(`"${raw}"`);
    return typeof value === 'string' ? value : raw;
  } catch {
    return raw;
  }
}
