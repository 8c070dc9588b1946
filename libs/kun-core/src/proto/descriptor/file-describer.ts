import type { OptionsOf, TypeNames } from './type-names.js';
import {
  EDITIONS,
  type EnumDescriptor,
  type FileDescriptor,
  type MethodDescriptor,
  type ServiceDescriptor,
} from './descriptor-messages.js';
import { MessageDescriber } from './message-describer.js';
import { ProtoTokens } from './proto-tokens.js';
import { readInlineOptions, readOption, type RawOption } from './raw-options.js';

/** What a file refers to outside itself. */
export interface DescriberParts {
  /** The file's own name. */
  readonly name: string;
  /** The name of an imported file; `undefined` for one that is omitted. */
  readonly importedName: (path: string) => string | undefined;
  readonly types: TypeNames;
  readonly optionsOf: OptionsOf;
}

/**
 * Creates the descriptor of a proto file from its text, like protoc. protobufjs creates descriptors from what remains
 * after parsing: without file options and dependencies, with maps and extensions in the wrong place, and without
 * unknown options.
 *
 * @throws {SyntaxError} when the text is not a proto file.
 */
export function describeFile(text: string, parts: DescriberParts): FileDescriptor {
  return new FileDescriber(new ProtoTokens(text), parts).describe();
}

const MAX_ENUM_NUMBER = 2_147_483_647;

class FileDescriber {
  private readonly file: FileDescriptor;
  private readonly options: RawOption[] = [];
  private readonly messages: MessageDescriber;

  constructor(
    private readonly tokens: ProtoTokens,
    private readonly parts: DescriberParts,
  ) {
    this.file = {
      name: parts.name,
      dependency: [],
      publicDependency: [],
      weakDependency: [],
      messageType: [],
      enumType: [],
      service: [],
      extension: [],
    };
    this.messages = new MessageDescriber({
      tokens,
      types: parts.types,
      optionsOf: parts.optionsOf,
      isProto3: () => this.file.syntax === 'proto3',
      readEnum: (scope) => this.readEnum(scope),
    });
  }

  describe(): FileDescriptor {
    while (!this.tokens.ended) this.readStatement();
    const options = this.parts.optionsOf('FileOptions', this.options, this.scope);
    return options ? { ...this.file, options } : this.file;
  }

  private get scope(): string {
    return this.file.package ?? '';
  }

  private readStatement(): void {
    const { tokens, file, scope } = this;
    const { text, line } = tokens.next();
    switch (text) {
      case ';':
        return;
      case 'syntax':
      case 'edition':
        return this.readSyntax(text);
      case 'package':
        file.package = tokens.name();
        return tokens.expect(';');
      case 'import':
        return this.readImport();
      case 'option':
        this.options.push(readOption(tokens));
        return tokens.expect(';');
      case 'message':
        file.messageType.push(this.messages.readMessage(scope));
        return;
      case 'enum':
        file.enumType.push(this.readEnum(scope));
        return;
      case 'service':
        file.service.push(this.readService());
        return;
      case 'extend':
        return this.messages.readExtensions(scope, file.extension, file.messageType);
      case 'export':
      case 'local':
        return this.readVisible(text);
      default:
        throw new SyntaxError(`line ${line}: "${text}" does not start a declaration`);
    }
  }

  private readSyntax(word: 'syntax' | 'edition'): void {
    this.tokens.expect('=');
    const version = this.tokens.string();
    this.tokens.expect(';');
    if (word === 'syntax') {
      // Like protoc, which omits proto2 as the default.
      if (version !== 'proto2') this.file.syntax = version;
      return;
    }
    this.file.syntax = 'editions';
    this.file.edition = EDITIONS[version] ?? 0;
  }

  private readImport(): void {
    const { tokens, file } = this;
    const kind = ['public', 'weak', 'option'].find((word) => tokens.take(word));
    const name = this.parts.importedName(tokens.string());
    tokens.expect(';');
    // Option imports are not dependencies.
    if (name === undefined || kind === 'option') return;
    file.dependency.push(name);
    const index = file.dependency.length - 1;
    if (kind === 'public') file.publicDependency.push(index);
    if (kind === 'weak') file.weakDependency.push(index);
  }

  private readVisible(word: 'export' | 'local'): void {
    const visibility = word === 'local' ? 1 : 2;
    const { text } = this.tokens.next();
    if (text === 'message') {
      this.file.messageType.push({ ...this.messages.readMessage(this.scope), visibility });
    } else this.file.enumType.push({ ...this.readEnum(this.scope), visibility });
  }

  private readEnum(scope: string): EnumDescriptor {
    const { tokens, parts } = this;
    const descriptor: EnumDescriptor = {
      name: tokens.next().text,
      value: [],
      reservedRange: [],
      reservedName: [],
    };
    const raw: RawOption[] = [];
    tokens.expect('{');
    while (!tokens.take('}')) {
      if (tokens.take(';')) continue;
      if (tokens.is('option') && tokens.peek(1)?.text !== '=') {
        tokens.next();
        raw.push(readOption(tokens));
      } else if (tokens.is('reserved') && tokens.peek(1)?.text !== '=') {
        tokens.next();
        this.messages.readReserved(descriptor, MAX_ENUM_NUMBER, 0);
      } else {
        const name = tokens.next().text;
        tokens.expect('=');
        const number = tokens.integer();
        const options = parts.optionsOf('EnumValueOptions', readInlineOptions(tokens), scope);
        descriptor.value.push({ name, number, ...(options && { options }) });
      }
      tokens.expect(';');
    }
    const options = parts.optionsOf('EnumOptions', raw, scope);
    return options ? { ...descriptor, options } : descriptor;
  }

  private readService(): ServiceDescriptor {
    const { tokens, parts } = this;
    const name = tokens.next().text;
    const scope = this.scope === '' ? name : `${this.scope}.${name}`;
    const method: MethodDescriptor[] = [];
    const raw: RawOption[] = [];
    tokens.expect('{');
    while (!tokens.take('}')) {
      if (tokens.take(';')) continue;
      if (tokens.take('option')) {
        raw.push(readOption(tokens));
        tokens.expect(';');
      } else {
        tokens.expect('rpc');
        method.push(this.readMethod(scope));
      }
    }
    const options = parts.optionsOf('ServiceOptions', raw, this.scope);
    return { name, method, ...(options && { options }) };
  }

  private readMethod(scope: string): MethodDescriptor {
    const { tokens, parts } = this;
    const name = tokens.next().text;
    const [inputType, clientStreaming] = this.readMethodType(scope);
    tokens.expect('returns');
    const [outputType, serverStreaming] = this.readMethodType(scope);
    const raw: RawOption[] = [];
    const hasBlock = tokens.take('{');
    while (hasBlock && !tokens.take('}')) {
      if (tokens.take(';')) continue;
      tokens.expect('option');
      raw.push(readOption(tokens));
    }
    // protoc encodes an empty block as empty options.
    const options = parts.optionsOf('MethodOptions', raw, scope) ?? (hasBlock ? new Uint8Array() : undefined);
    return {
      name,
      inputType,
      outputType,
      ...(clientStreaming && { clientStreaming }),
      ...(serverStreaming && { serverStreaming }),
      ...(options && { options }),
    };
  }

  private readMethodType(scope: string): [type: string, streaming: boolean] {
    const { tokens } = this;
    tokens.expect('(');
    const streaming = tokens.is('stream') && tokens.peek(1)?.text !== ')' && tokens.take('stream');
    const type = this.parts.types.find(tokens.name(), scope).name;
    tokens.expect(')');
    return [type, streaming];
  }
}
