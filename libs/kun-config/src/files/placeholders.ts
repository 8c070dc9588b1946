/** A text with references to the environment in it. */
export type Template = ReadonlyArray<string | Reference>;

/** `${name}`, or `${name:-fallback}`. */
export interface Reference {
  readonly name: string;
  readonly fallback?: Template;
}

/** The result of a template. */
export interface Expanded {
  readonly text: string;
  /** Variables that are not set and have no default. */
  readonly missing: readonly string[];
}

/** A `${` that begins nothing known. The message says what to write instead and repeats nothing but a name. */
export class PlaceholderError extends Error {}

/**
 * Reads `${NAME}`, `${NAME:-default}` with defaults that may hold further ones, and `$${`, which is a plain `${`.
 * Braces within a default count, so that it may be a map: `${LABELS:-{a: 1}}`.
 *
 * @throws {PlaceholderError} for anything else that begins with `${`.
 */
export function parseTemplate(text: string): Template {
  return new TemplateReader(text).read();
}

/** Inserts the environment's values. As in a shell, `:-` also stands in for a variable that is set to nothing. */
export function expand(template: Template, env: NodeJS.ProcessEnv): Expanded {
  const missing: string[] = [];
  const textOf = (parts: Template): string =>
    parts
      .map((part) => {
        if (typeof part === 'string') return part;
        const set = env[part.name];
        if (set !== undefined && (set !== '' || part.fallback === undefined)) return set;
        if (part.fallback) return textOf(part.fallback);
        missing.push(part.name);
        return '';
      })
      .join('');
  const text = textOf(template);
  return { text, missing };
}

/** Where a placeholder that begins at `start` ends, within its line; undefined when it does not. */
export function placeholderEnd(text: string, start: number): number | undefined {
  let depth = 0;
  for (let at = text.indexOf('{', start); at >= 0 && at < text.length; at++) {
    const char = text[at];
    if (char === '\n' || char === '\r') return undefined;
    if (char === '{' && ++depth > MAX_DEPTH) return undefined;
    if (char === '}' && --depth === 0) return at + 1;
  }
  return undefined;
}

/** How deep defaults may nest; bounds the cost of a hostile text. */
const MAX_DEPTH = 20;

class TemplateReader {
  private at = 0;

  constructor(private readonly text: string) {}

  read(): Template {
    return this.parts(0);
  }

  private parts(level: number): Template {
    const parts: Array<string | Reference> = [];
    let literal = '';
    for (let depth = 0; this.at < this.text.length;) {
      if (this.take('$${')) {
        literal += '${';
        depth++;
      } else if (this.take('${')) {
        if (literal !== '') parts.push(literal);
        literal = '';
        parts.push(this.reference(this.at - 2, level + 1));
      } else {
        const char = this.text[this.at++] ?? '';
        if (char === '{') depth++;
        else if (char === '}' && depth > 0) depth--;
        else if (char === '}' && level > 0) {
          this.at--;
          break;
        }
        literal += char;
      }
    }
    if (literal !== '') parts.push(literal);
    return parts;
  }

  private reference(start: number, level: number): Reference {
    NAME.lastIndex = this.at;
    const name = NAME.exec(this.text)?.[0];
    if (name === undefined || level > MAX_DEPTH) throw wrong(this.text.slice(start));
    this.at += name.length;
    const fallback = this.take(':-') ? this.parts(level) : undefined;
    if (!this.take('}')) throw wrong(this.text.slice(start));
    return fallback === undefined ? { name } : { name, fallback };
  }

  private take(word: string): boolean {
    if (!this.text.startsWith(word, this.at)) return false;
    this.at += word.length;
    return true;
  }
}

const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;

function wrong(text: string): PlaceholderError {
  const closed = placeholderEnd(text, 0) !== undefined;
  // The forms of shells, Spring, Docker Compose and the OpenTelemetry collector. A name in capitals is a variable's;
  // anything else, and what is not closed, may be a secret that begins like a placeholder.
  const name = closed
    ? /^\$\{\s{0,9}(?:env:|ENV:)?([A-Z_][A-Z0-9_]{0,99})(?![a-z])/.exec(text)?.[1]
    : undefined;
  const reason = closed ? 'has a form that is not known here' : 'is not closed';
  const form = name ?? 'NAME';
  return new PlaceholderError(
    `has a placeholder that ${reason}; write \${${form}} or \${${form}:-default}, or $\${ where the text \${ is meant`,
  );
}
