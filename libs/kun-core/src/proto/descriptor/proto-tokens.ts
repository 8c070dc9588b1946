/** A token of a proto file. */
export interface ProtoToken {
  readonly kind: 'word' | 'number' | 'string' | 'symbol';
  /** As written; for strings, without the quotes and with escapes. */
  readonly text: string;
  readonly line: number;
}

const TOKEN =
  /(?<skip>\s+|\/\/[^\n]*|\/\*[^]*?\*\/)|(?<word>[A-Za-z_]\w*)|(?<number>0[xX][\da-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[fF]?)|"(?<double>(?:[^"\\\n]|\\[^])*)"|'(?<single>(?:[^'\\\n]|\\[^])*)'|(?<symbol>[^])/gy;

/**
 * The tokens of a proto file. protobufjs' tokenizer unescapes strings to characters, which loses bytes, and reads
 * numbers as doubles.
 */
export class ProtoTokens {
  private readonly tokens: readonly ProtoToken[];
  private position = 0;

  constructor(text: string) {
    this.tokens = tokenize(text);
  }

  get ended(): boolean {
    return this.position >= this.tokens.length;
  }

  /** The token `ahead` positions further on. */
  peek(ahead = 0): ProtoToken | undefined {
    return this.tokens[this.position + ahead];
  }

  /** @throws {SyntaxError} when the file ends. */
  next(): ProtoToken {
    const token = this.tokens[this.position++];
    if (!token) throw new SyntaxError('the file ends too early');
    return token;
  }

  is(text: string): boolean {
    const token = this.peek();
    return token?.text === text && token.kind !== 'string';
  }

  /** Consumes the token if it is the next one. */
  take(text: string): boolean {
    const comes = this.is(text);
    if (comes) this.position += 1;
    return comes;
  }

  /** @throws {SyntaxError} when the next token is a different one. */
  expect(text: string): void {
    const { text: found, line } = this.next();
    if (found !== text) throw new SyntaxError(`line ${line}: "${found}" instead of "${text}"`);
  }

  /** A name with or without dots, such as `.acme.v1.Order`. */
  name(): string {
    let name = this.take('.') ? '.' : '';
    name += this.next().text;
    while (this.take('.')) name += `.${this.next().text}`;
    return name;
  }

  /** A whole number, possibly negative; the word `max` becomes `max`. */
  integer(max = 0): number {
    if (this.take('max')) return max;
    const sign = this.take('-') ? -1 : 1;
    return sign * Number(decimal(this.next().text));
  }

  /** One or several consecutive strings, as the bytes they represent. */
  bytes(): Buffer {
    const parts: Buffer[] = [];
    do parts.push(unescape(this.next().text));
    while (this.peek()?.kind === 'string');
    return Buffer.concat(parts);
  }

  string(): string {
    return this.bytes().toString();
  }
}

/** An integer literal in decimal, with any number of digits. */
export function decimal(literal: string): string {
  return BigInt(/^0[0-7]+$/.test(literal) ? `0o${literal}` : literal).toString();
}

function tokenize(text: string): ProtoToken[] {
  const tokens: ProtoToken[] = [];
  let line = 1;
  for (const match of text.matchAll(TOKEN)) {
    const { skip, word, number, double, single, symbol } = match.groups ?? {};
    if (word !== undefined) tokens.push({ kind: 'word', text: word, line });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number, line });
    else if (symbol !== undefined && symbol !== '\uFEFF') tokens.push({ kind: 'symbol', text: symbol, line });
    else if (skip === undefined) tokens.push({ kind: 'string', text: double ?? single ?? '', line });
    line += match[0].split('\n').length - 1;
  }
  return tokens;
}

const ESCAPE = /\\(?:([0-7]{1,3})|[xX]([\da-fA-F]{1,2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([^]))/g;
const ESCAPED: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

function unescape(text: string): Buffer {
  const parts: Buffer[] = [];
  let end = 0;
  for (const match of text.matchAll(ESCAPE)) {
    const [whole, octal, hex, short, long, letter = ''] = match;
    parts.push(Buffer.from(text.slice(end, match.index)));
    if (octal !== undefined) parts.push(Buffer.from([parseInt(octal, 8) & 0xff]));
    else if (hex !== undefined) parts.push(Buffer.from([parseInt(hex, 16)]));
    else {
      const code = short ?? long;
      parts.push(
        Buffer.from(
          code === undefined ? (ESCAPED[letter] ?? letter) : String.fromCodePoint(parseInt(code, 16)),
        ),
      );
    }
    end = match.index + whole.length;
  }
  parts.push(Buffer.from(text.slice(end)));
  return Buffer.concat(parts);
}
