import type { ProtoTokens } from './proto-tokens.js';

/** An option as written, not yet resolved. */
export interface RawOption {
  /** `(acme.note).text` has two parts, the first of which names an extension. */
  readonly name: readonly OptionNamePart[];
  readonly value: RawValue;
}

export interface OptionNamePart {
  readonly name: string;
  readonly isExtension: boolean;
}

/** The value of an option. */
export type RawValue =
  /** A number with its sign, or a word: an enum value, `true`, `inf`. */
  | { readonly kind: 'word' | 'number'; readonly text: string }
  | { readonly kind: 'string'; readonly bytes: Buffer }
  | { readonly kind: 'list'; readonly values: readonly RawValue[] }
  | { readonly kind: 'message'; readonly fields: readonly RawField[] };

/** A field of a value; a name in brackets is that of an extension, or a type URL. */
export interface RawField {
  readonly name: OptionNamePart;
  readonly value: RawValue;
}

/** Reads `name = value`, after the word `option` or within brackets. */
export function readOption(tokens: ProtoTokens): RawOption {
  const name: OptionNamePart[] = [];
  do {
    if (tokens.take('(')) {
      name.push({ name: tokens.name(), isExtension: true });
      tokens.expect(')');
    } else {
      name.push({ name: tokens.next().text, isExtension: false });
    }
  } while (tokens.take('.'));
  tokens.expect('=');
  return { name, value: readValue(tokens) };
}

/** Reads `[a = 1, b = 2]`, if present. */
export function readInlineOptions(tokens: ProtoTokens): RawOption[] {
  const options: RawOption[] = [];
  if (!tokens.take('[')) return options;
  do options.push(readOption(tokens));
  while (tokens.take(','));
  tokens.expect(']');
  return options;
}

function readValue(tokens: ProtoTokens): RawValue {
  if (tokens.peek()?.kind === 'string') return { kind: 'string', bytes: tokens.bytes() };
  if (tokens.take('{')) return { kind: 'message', fields: readFields(tokens, '}') };
  if (tokens.take('<')) return { kind: 'message', fields: readFields(tokens, '>') };
  if (tokens.take('[')) return { kind: 'list', values: readList(tokens) };
  const sign = tokens.take('-') ? '-' : '';
  if (sign === '') tokens.take('+');
  const { kind, text } = tokens.next();
  if (kind === 'number') return { kind, text: sign + text };
  // A name may have dots, which text format never allows and protobufjs always does.
  let word = text;
  while (tokens.take('.')) word += `.${tokens.next().text}`;
  return { kind: 'word', text: sign + word };
}

function readList(tokens: ProtoTokens): RawValue[] {
  const values: RawValue[] = [];
  while (!tokens.take(']')) {
    values.push(readValue(tokens));
    tokens.take(',');
  }
  return values;
}

function readFields(tokens: ProtoTokens, end: '}' | '>'): RawField[] {
  const fields: RawField[] = [];
  while (!tokens.take(end)) {
    const isExtension = tokens.take('[');
    let name = isExtension ? '' : tokens.next().text;
    if (isExtension) while (!tokens.take(']')) name += tokens.next().text;
    tokens.take(':');
    fields.push({ name: { name, isExtension }, value: readValue(tokens) });
    if (!tokens.take(',')) tokens.take(';');
  }
  return fields;
}
