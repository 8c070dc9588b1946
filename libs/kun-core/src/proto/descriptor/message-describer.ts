import type { OptionsOf, TypeNames } from './type-names.js';
import {
  LABELS,
  type EnumDescriptor,
  type FieldDescriptor,
  type MessageDescriptor,
} from './descriptor-messages.js';
import { FieldDescriber, type Label } from './field-describer.js';
import type { ProtoTokens } from './proto-tokens.js';
import { readInlineOptions, readOption, type RawOption } from './raw-options.js';

export interface MessageDescriberParts {
  readonly tokens: ProtoTokens;
  readonly types: TypeNames;
  readonly optionsOf: OptionsOf;
  readonly isProto3: () => boolean;
  /** Reads an enum within the scope, from its name on. */
  readonly readEnum: (scope: string) => EnumDescriptor;
}

const MAX_FIELD_NUMBER = 536_870_911;

/** Reads messages, and `extend` blocks. */
export class MessageDescriber {
  private readonly fields: FieldDescriber;

  constructor(private readonly parts: MessageDescriberParts) {
    this.fields = new FieldDescriber({
      ...parts,
      readBody: (name, scope) => this.readBody(emptyMessage(name), scope),
    });
  }

  /** Reads from the message's name on. */
  readMessage(scope: string): MessageDescriptor {
    return this.readBody(emptyMessage(this.parts.tokens.next().text), scope);
  }

  /** Reads from the extended message's name on. */
  readExtensions(scope: string, extensions: FieldDescriptor[], groups: MessageDescriptor[]): void {
    const { tokens, types } = this.parts;
    const extendee = types.find(tokens.name(), scope).name;
    tokens.expect('{');
    while (!tokens.take('}')) {
      if (tokens.take(';')) continue;
      extensions.push({ ...this.fields.readField(scope, groups, this.readLabel()), extendee });
    }
  }

  /** Reads from the word after `reserved` on; `past` is added to the end of a range. */
  readReserved(
    into: { reservedRange: Array<{ start: number; end: number }>; reservedName: string[] },
    max: number,
    past: number,
  ): void {
    const { tokens } = this.parts;
    do {
      const kind = tokens.peek()?.kind;
      if (kind === 'string') into.reservedName.push(tokens.string());
      else if (kind === 'word' && !tokens.is('max')) into.reservedName.push(tokens.next().text);
      else into.reservedRange.push(this.readRange(max, past));
    } while (tokens.take(','));
  }

  private readRange(max: number, past: number): { start: number; end: number } {
    const { tokens } = this.parts;
    const start = tokens.integer(max);
    const last = tokens.take('to') ? tokens.integer(max) : start;
    return { start, end: last + past };
  }

  private readBody(message: MessageDescriptor, outer: string): MessageDescriptor {
    const { tokens, optionsOf } = this.parts;
    const scope = outer === '' ? message.name : `${outer}.${message.name}`;
    const raw: RawOption[] = [];
    tokens.expect('{');
    while (!tokens.take('}')) this.readElement(message, scope, raw);
    addSyntheticOneofs(message);
    const options = optionsOf('MessageOptions', raw, scope);
    return options ? { ...message, options } : message;
  }

  private readElement(message: MessageDescriptor, scope: string, raw: RawOption[]): void {
    const { tokens, readEnum } = this.parts;
    if (tokens.take(';')) return;
    // A word that starts a statement may also be the type of a field.
    const isField = tokens.peek(2)?.text === '=' && tokens.peek(2)?.kind === 'symbol' && !tokens.is('option');
    const visibility = isField ? undefined : this.readVisibility();
    if (!isField && tokens.take('message')) {
      message.nestedType.push({ ...this.readMessage(scope), ...visibility });
    } else if (!isField && tokens.take('enum')) {
      message.enumType.push({ ...readEnum(scope), ...visibility });
    } else if (!isField && tokens.take('extend')) {
      this.readExtensions(scope, message.extension, message.nestedType);
    } else if (!isField && tokens.take('oneof')) {
      this.readOneof(message, scope);
    } else if (tokens.take('option')) {
      raw.push(readOption(tokens));
      tokens.expect(';');
    } else if (!isField && tokens.take('reserved')) {
      this.readReserved(message, MAX_FIELD_NUMBER, 1);
      tokens.expect(';');
    } else if (!isField && tokens.take('extensions')) {
      this.readExtensionRanges(message, scope);
    } else if (tokens.is('map') && tokens.peek(1)?.text === '<') {
      message.field.push(this.fields.readMap(scope, message.nestedType));
    } else {
      message.field.push(this.fields.readField(scope, message.nestedType, this.readLabel()));
    }
  }

  private readVisibility(): { visibility: number } | undefined {
    const { tokens } = this.parts;
    const next = tokens.peek(1)?.text;
    if (next !== 'message' && next !== 'enum') return undefined;
    if (tokens.take('local')) return { visibility: 1 };
    return tokens.take('export') ? { visibility: 2 } : undefined;
  }

  private readLabel(): Label | undefined {
    const { tokens } = this.parts;
    // The next token distinguishes a label from a type of that name.
    if (tokens.peek(2)?.text === '=') return undefined;
    return (Object.keys(LABELS) as Label[]).find((label) => tokens.take(label));
  }

  private readOneof(message: MessageDescriptor, scope: string): void {
    const { tokens, optionsOf } = this.parts;
    const name = tokens.next().text;
    const raw: RawOption[] = [];
    const oneofIndex = message.oneofDecl.length;
    tokens.expect('{');
    while (!tokens.take('}')) {
      if (tokens.take(';')) continue;
      if (tokens.is('option') && tokens.peek(2)?.text !== '=') {
        tokens.next();
        raw.push(readOption(tokens));
        tokens.expect(';');
      } else if (tokens.take('option')) {
        raw.push(readOption(tokens));
        tokens.expect(';');
      } else {
        message.field.push({ ...this.fields.readField(scope, message.nestedType, undefined), oneofIndex });
      }
    }
    const options = optionsOf('OneofOptions', raw, scope);
    message.oneofDecl.push({ name, ...(options && { options }) });
  }

  private readExtensionRanges(message: MessageDescriptor, scope: string): void {
    const { tokens, optionsOf } = this.parts;
    const ranges = [];
    do ranges.push(this.readRange(MAX_FIELD_NUMBER, 1));
    while (tokens.take(','));
    const options = optionsOf('ExtensionRangeOptions', readInlineOptions(tokens), scope);
    tokens.expect(';');
    for (const range of ranges) message.extensionRange.push({ ...range, ...(options && { options }) });
  }
}

function emptyMessage(name: string): MessageDescriptor {
  return {
    name,
    field: [],
    extension: [],
    nestedType: [],
    enumType: [],
    extensionRange: [],
    oneofDecl: [],
    reservedRange: [],
    reservedName: [],
  };
}

/** Each `optional` field of proto3 gets a oneof of its own, after the declared ones. */
function addSyntheticOneofs(message: MessageDescriptor): void {
  const taken = new Set([...message.field, ...message.oneofDecl].map(({ name }) => name));
  for (const field of message.field) {
    if (!field.proto3Optional) continue;
    let name = `_${field.name}`;
    while (taken.has(name)) name = `X${name}`;
    taken.add(name);
    field.oneofIndex = message.oneofDecl.push({ name }) - 1;
  }
}
