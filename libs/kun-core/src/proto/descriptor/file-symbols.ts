import type { FieldDescriptor, FileDescriptor, MessageDescriptor } from './descriptor-messages.js';

/** The definitions of a file, by full name. */
export interface FileSymbols {
  /** Messages, fields, oneofs, enums, enum values, extensions, services and methods. */
  readonly symbols: readonly string[];
  readonly messages: readonly string[];
  readonly extensions: ReadonlyArray<{ readonly extendee: string; readonly number: number }>;
}

/** Reads a file's definitions from its descriptor. */
export function fileSymbols(file: FileDescriptor): FileSymbols {
  const symbols: string[] = [];
  const messages: string[] = [];
  const extensions: Array<{ extendee: string; number: number }> = [];
  const add = (scope: string, name: string): string => {
    const symbol = scope === '' ? name : `${scope}.${name}`;
    symbols.push(symbol);
    return symbol;
  };
  const addExtensions = (scope: string, added: readonly FieldDescriptor[]) => {
    for (const { name, extendee = '', number } of added) {
      add(scope, name);
      extensions.push({ extendee: extendee.slice(1), number });
    }
  };
  const addTypes = (
    scope: string,
    types: Pick<MessageDescriptor, 'enumType' | 'nestedType' | 'extension'>,
  ) => {
    addExtensions(scope, types.extension);
    for (const { name, value } of types.enumType) {
      add(scope, name);
      // Enum values are siblings of their enum, as in C++.
      for (const { name: valueName } of value) add(scope, valueName);
    }
    for (const message of types.nestedType) {
      const symbol = add(scope, message.name);
      messages.push(symbol);
      for (const { name } of [...message.field, ...message.oneofDecl]) add(symbol, name);
      addTypes(symbol, message);
    }
  };
  const scope = file.package ?? '';
  addTypes(scope, { ...file, nestedType: file.messageType });
  for (const { name, method } of file.service) {
    const symbol = add(scope, name);
    for (const { name: methodName } of method) add(symbol, methodName);
  }
  return { symbols, messages, extensions };
}
