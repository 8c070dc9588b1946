import protobuf from 'protobufjs';
import { everythingIn, findFrom, nameOf, typeFinder } from '../files/link-types.js';
import type { OptionsOf } from './type-names.js';
import { decimal } from './proto-tokens.js';
import type { OptionNamePart, RawField, RawOption, RawValue } from './raw-options.js';

/** A message being built for `fromObject`. */
interface Growing {
  [field: string]: unknown;
}

/**
 * Encodes options by their types: those of descriptor.proto, and their extensions in the root. Undefined options are
 * omitted.
 */
export function optionsEncoder(root: protobuf.Root, standard: protobuf.NamespaceBase): OptionsOf {
  const values = new OptionValues(root);
  return (message, options, scope) => {
    if (options.length === 0) return undefined;
    const own: Growing = {};
    const extended: Growing = {};
    const type = standard.lookupType(message);
    const custom = root.lookup(`.google.protobuf.${message}`, [protobuf.Type]);
    for (const option of options) {
      if (option.name.some(({ isExtension }) => isExtension)) {
        if (custom instanceof protobuf.Type) values.set(extended, custom, option, scope);
      } else values.set(own, type, option, scope);
    }
    const bytes = [encode(type, own)];
    if (custom instanceof protobuf.Type) bytes.push(encode(custom, extended));
    const all = Buffer.concat(bytes);
    return all.length > 0 ? all : undefined;
  };
}

function encode(type: protobuf.Type, message: Growing): Uint8Array {
  return Object.keys(message).length === 0 ? Buffer.alloc(0) : type.encode(type.fromObject(message)).finish();
}

class OptionValues {
  private readonly extensions: ReadonlyMap<string, protobuf.Field>;
  private readonly findType: ReturnType<typeof typeFinder>;

  constructor(root: protobuf.Root) {
    const fields = [...everythingIn(root)].filter((object) => object instanceof protobuf.Field);
    this.extensions = new Map(fields.map((field) => [nameOf(field), field]));
    this.findType = typeFinder(root);
  }

  set(message: Growing, type: protobuf.Type, { name, value }: RawOption, scope: string): void {
    const [head, ...rest] = name;
    const field = head && this.fieldOf(type, head, scope);
    if (!field) return;
    if (rest.length === 0) return this.assign(message, field, value, scope);
    // Options cannot refer to an element of a list; protobufjs' copy of descriptor.proto tries to.
    if (field.repeated || !(field.resolvedType instanceof protobuf.Type)) return;
    const inner = (message[field.name] ??= {}) as Growing;
    this.set(inner, field.resolvedType, { name: rest, value }, scope);
  }

  private fieldOf(type: protobuf.Type, part: OptionNamePart, scope: string): protobuf.Field | undefined {
    if (part.isExtension) {
      const field = findFrom(this.extensions, part.name, scope)?.extensionField;
      return field?.parent === type ? field.resolve() : undefined;
    }
    // The types of protobufjs' descriptor.proto are in camel case.
    const field = type.fields[part.name] ?? type.fields[protobuf.util.camelCase(part.name)];
    return field?.resolve();
  }

  private assign(message: Growing, field: protobuf.Field, value: RawValue, scope: string): void {
    if (value.kind === 'list') {
      for (const item of value.values) this.assign(message, field, item, scope);
    } else if (field.map) {
      const [key, item] = this.mapEntry(field, value, scope);
      ((message[field.name] ??= {}) as Growing)[key] = item;
    } else if (field.repeated) {
      ((message[field.name] ??= []) as unknown[]).push(this.convert(field, value, scope));
    } else {
      message[field.name] = this.convert(field, value, scope);
    }
  }

  private mapEntry(field: protobuf.Field, value: RawValue, scope: string): [key: string, item: unknown] {
    const entry = value.kind === 'message' ? value.fields : [];
    const part = (name: string) => entry.find((candidate) => candidate.name.name === name)?.value;
    const [key, item] = [part('key'), part('value')];
    return [key ? wordOf(key) : '', item && this.convert(field, item, scope)];
  }

  private convert(field: protobuf.Field, value: RawValue, scope: string): unknown {
    const { resolvedType, type } = field;
    if (value.kind === 'message') {
      return resolvedType instanceof protobuf.Type ? this.messageOf(resolvedType, value.fields, scope) : {};
    }
    const word = wordOf(value);
    if (resolvedType instanceof protobuf.Enum) return resolvedType.values[word] ?? Number(word);
    if (value.kind === 'string') return type === 'bytes' ? value.bytes : word;
    if (type === 'bool') return word === 'true' || word === 'True' || word === 't' || word === '1';
    if (type === 'double' || type === 'float') return floatOf(word);
    if (value.kind === 'word') return word;
    const sign = word.startsWith('-') ? '-' : '';
    const digits = sign + decimal(word.slice(sign.length));
    return field.long ? digits : Number(digits);
  }

  private messageOf(type: protobuf.Type, fields: readonly RawField[], scope: string): Growing {
    const message: Growing = {};
    for (const { name, value } of fields) {
      if (name.isExtension && name.name.includes('/'))
        Object.assign(message, this.any(name.name, value, scope));
      const field = this.fieldOf(type, name, scope);
      if (field) this.assign(message, field, value, scope);
    }
    return message;
  }

  /** `[type.googleapis.com/acme.v1.Order] { … }` within a google.protobuf.Any. */
  private any(url: string, value: RawValue, scope: string): Growing {
    const type = this.findType(`.${url.slice(url.lastIndexOf('/') + 1)}`, '');
    if (!(type instanceof protobuf.Type) || value.kind !== 'message') return {};
    return { type_url: url, value: encode(type, this.messageOf(type, value.fields, scope)) };
  }
}

function wordOf(value: RawValue): string {
  if (value.kind === 'string') return value.bytes.toString();
  return value.kind === 'word' || value.kind === 'number' ? value.text : '';
}

function floatOf(word: string): number {
  const [, sign = '', name = ''] = /^(-?)(.*)$/.exec(word.toLowerCase()) ?? [];
  if (name === 'inf' || name === 'infinity') return sign === '-' ? -Infinity : Infinity;
  return name === 'nan' ? NaN : Number(word.replace(/[fF]$/, ''));
}
