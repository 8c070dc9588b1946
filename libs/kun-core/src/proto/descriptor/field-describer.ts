import type { OptionsOf, TypeNames } from './type-names.js';
import { FIELD_TYPES, LABELS, type FieldDescriptor, type MessageDescriptor } from './descriptor-messages.js';
import { decimal, type ProtoTokens } from './proto-tokens.js';
import { readInlineOptions, type RawOption, type RawValue } from './raw-options.js';

export type Label = keyof typeof LABELS;

export interface FieldDescriberParts {
  readonly tokens: ProtoTokens;
  readonly types: TypeNames;
  readonly optionsOf: OptionsOf;
  readonly isProto3: () => boolean;
  /** Reads the body of a message with this name. */
  readonly readBody: (name: string, scope: string) => MessageDescriptor;
}

/** `MessageOptions { map_entry: true }` */
const MAP_ENTRY = Uint8Array.of(7 << 3, 1);

/** Reads fields, and the messages that maps and groups define. */
export class FieldDescriber {
  constructor(private readonly parts: FieldDescriberParts) {}

  /** Reads from the type on. */
  readField(scope: string, groups: MessageDescriptor[], label: Label | undefined): FieldDescriptor {
    const { tokens, types, isProto3 } = this.parts;
    const written = tokens.name();
    const isGroup = written === 'group' && tokens.peek(1)?.text === '=';
    const groupName = tokens.next().text;
    tokens.expect('=');
    const number = tokens.integer();
    const raw = readInlineOptions(tokens);
    if (isGroup) groups.push(this.parts.readBody(groupName, scope));
    else tokens.expect(';');
    const name = isGroup ? groupName.toLowerCase() : groupName;
    const type = isGroup ? groupType(groupName, scope) : types.find(written, scope);
    return this.describe(
      { name, number, label: LABELS[label ?? 'optional'], ...typeFields(type) },
      raw,
      scope,
      {
        ...(label === 'optional' && isProto3() && { proto3Optional: true }),
      },
    );
  }

  /** Reads from the word `map` on. */
  readMap(scope: string, nested: MessageDescriptor[]): FieldDescriptor {
    const { tokens, types } = this.parts;
    tokens.expect('map');
    tokens.expect('<');
    const key = types.find(tokens.name(), scope);
    tokens.expect(',');
    const value = types.find(tokens.name(), scope);
    tokens.expect('>');
    const name = tokens.next().text;
    tokens.expect('=');
    const number = tokens.integer();
    const raw = readInlineOptions(tokens);
    tokens.expect(';');
    const entryName = `${upperCamel(name)}Entry`;
    nested.push({
      name: entryName,
      field: [
        { name: 'key', number: 1, label: LABELS.optional, ...typeFields(key), jsonName: 'key' },
        { name: 'value', number: 2, label: LABELS.optional, ...typeFields(value), jsonName: 'value' },
      ],
      extension: [],
      nestedType: [],
      enumType: [],
      extensionRange: [],
      oneofDecl: [],
      options: MAP_ENTRY,
      reservedRange: [],
      reservedName: [],
    });
    const type = { kind: 'message', name: `.${scope}.${entryName}` };
    return this.describe({ name, number, label: LABELS.repeated, ...typeFields(type) }, raw, scope);
  }

  private describe(
    field: FieldDescriptor,
    raw: readonly RawOption[],
    scope: string,
    more: Partial<FieldDescriptor> = {},
  ): FieldDescriptor {
    const jsonName = valueOf(raw, 'json_name');
    const fallback = valueOf(raw, 'default');
    const own = raw.filter((option) => !isNamed(option, 'json_name') && !isNamed(option, 'default'));
    const options = this.parts.optionsOf('FieldOptions', own, scope);
    return {
      ...field,
      ...(fallback && { defaultValue: defaultText(field.type, fallback) }),
      jsonName: jsonName?.kind === 'string' ? jsonName.bytes.toString() : lowerCamel(field.name),
      ...more,
      ...(options && { options }),
    };
  }
}

interface FoundType {
  /** A scalar's name, `message`, `enum` or `group`. */
  readonly kind: string;
  /** `.acme.v1.Order`; for scalars, their name. */
  readonly name: string;
}

function groupType(name: string, scope: string): FoundType {
  return { kind: 'group', name: scope === '' ? `.${name}` : `.${scope}.${name}` };
}

function typeFields({ kind, name }: FoundType): { type: number; typeName?: string } {
  const type = FIELD_TYPES[kind] ?? 0;
  return name.startsWith('.') ? { type, typeName: name } : { type };
}

function isNamed({ name }: RawOption, word: string): boolean {
  return name.length === 1 && name[0]?.name === word && !name[0].isExtension;
}

function valueOf(raw: readonly RawOption[], word: string): RawValue | undefined {
  return raw.find((option) => isNamed(option, word))?.value;
}

/** A default as protoc writes it: numbers in their shortest form, bytes with C escapes. */
function defaultText(type: number, value: RawValue): string {
  if (value.kind === 'string') {
    return type === FIELD_TYPES['bytes'] ? escapeBytes(value.bytes) : value.bytes.toString();
  }
  if (value.kind === 'word') return value.text;
  if (value.kind !== 'number') return '';
  const [, sign = '', digits = ''] = /^(-?)(.*)$/.exec(value.text) ?? [];
  if (type !== FIELD_TYPES['double'] && type !== FIELD_TYPES['float']) return sign + decimal(digits);
  const number = Number(value.text.replace(/[fF]$/, ''));
  return String(type === FIELD_TYPES['float'] ? Number(Math.fround(number).toPrecision(8)) : number).replace(
    /e([+-])(\d)$/,
    'e$10$2',
  );
}

const C_ESCAPES: Readonly<Record<number, string>> = {
  9: '\\t',
  10: '\\n',
  13: '\\r',
  34: '\\"',
  39: "\\'",
  92: '\\\\',
};

function escapeBytes(bytes: Buffer): string {
  return [...bytes]
    .map((byte) => {
      const escaped = C_ESCAPES[byte];
      if (escaped !== undefined) return escaped;
      if (byte >= 0x20 && byte < 0x7f) return String.fromCharCode(byte);
      return `\\${byte.toString(8).padStart(3, '0')}`;
    })
    .join('');
}

/** As in protoc: the letter after an underscore becomes upper case, and nothing else changes. */
function lowerCamel(name: string): string {
  return name.replace(/_+([^_]?)/g, (_, letter: string) => letter.toUpperCase());
}

function upperCamel(name: string): string {
  const camel = lowerCamel(name);
  return camel.charAt(0).toUpperCase() + camel.slice(1);
}
