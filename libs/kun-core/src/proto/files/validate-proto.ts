import { createRequire } from 'node:module';
import type { DescriptorProto, EnumDescriptorProto, FieldDescriptorProto } from '@bufbuild/protobuf/wkt';

/** The file whose options are protovalidate's rules. */
export const VALIDATE_PROTO = 'buf/validate/validate.proto';

/**
 * `buf/validate/validate.proto`, generated from the descriptor in `@bufbuild/protovalidate`, without comments and
 * options: enough for protos that import it. `undefined` if the package is not installed.
 */
export function validateProto(): string | undefined {
  const require = createRequire(import.meta.url);
  try {
    const module = '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';
    const { file_buf_validate_validate: file } = require(
      module,
    ) as typeof import('@bufbuild/protovalidate/gen/buf/validate/validate_pb.js');
    const { dependency, messageType, enumType, extension } = file.proto;
    return [
      'syntax = "proto2";',
      'package buf.validate;',
      ...dependency.map((path) => `import "${path}";`),
      ...extension.map((field) => `extend ${field.extendee} { ${fieldText(field)} }`),
      ...messageType.map(messageText),
      ...enumType.map(enumText),
    ].join('\n');
  } catch {
    return undefined;
  }
}

function messageText({
  name,
  field: fields,
  oneofDecl,
  nestedType,
  enumType,
  extensionRange,
}: DescriptorProto): string {
  const inOneof = (index: number) =>
    fields.filter((field) => Object.hasOwn(field, 'oneofIndex') && field.oneofIndex === index);
  return [
    `message ${name} {`,
    ...fields.filter((field) => !Object.hasOwn(field, 'oneofIndex')).map(fieldText),
    ...oneofDecl.map((oneof, index) => `oneof ${oneof.name} { ${inOneof(index).map(memberText).join(' ')} }`),
    ...nestedType.map(messageText),
    ...enumType.map(enumText),
    ...extensionRange.map(
      ({ start, end }) => `extensions ${start} to ${end > 536_870_911 ? 'max' : end - 1};`,
    ),
    '}',
  ].join('\n');
}

function enumText({ name, value }: EnumDescriptorProto): string {
  return `enum ${name} { ${value.map((each) => `${each.name} = ${each.number};`).join(' ')} }`;
}

function fieldText(field: FieldDescriptorProto): string {
  return `${field.label === REPEATED ? 'repeated' : 'optional'} ${memberText(field)}`;
}

function memberText({ name, number, type, typeName }: FieldDescriptorProto): string {
  return `${typeName || SCALARS[type]} ${name} = ${number};`;
}

/** `FieldDescriptorProto.Label` */
const REPEATED = 3;

/** `FieldDescriptorProto.Type` */
const SCALARS: Readonly<Record<number, string>> = {
  1: 'double',
  2: 'float',
  3: 'int64',
  4: 'uint64',
  5: 'int32',
  6: 'fixed64',
  7: 'fixed32',
  8: 'bool',
  9: 'string',
  12: 'bytes',
  13: 'uint32',
  15: 'sfixed32',
  16: 'sfixed64',
  17: 'sint32',
  18: 'sint64',
};
