import protobuf, { type INamespace } from 'protobufjs';
import descriptorSchema from 'protobufjs/google/protobuf/descriptor.json' with { type: 'json' };

/** The parts of google/protobuf/descriptor.proto that proto files determine; options are already encoded. */

export interface FileDescriptor {
  name: string;
  package?: string;
  dependency: string[];
  publicDependency: number[];
  weakDependency: number[];
  messageType: MessageDescriptor[];
  enumType: EnumDescriptor[];
  service: ServiceDescriptor[];
  extension: FieldDescriptor[];
  options?: Uint8Array;
  syntax?: string;
  edition?: number;
}

export interface MessageDescriptor {
  name: string;
  field: FieldDescriptor[];
  extension: FieldDescriptor[];
  nestedType: MessageDescriptor[];
  enumType: EnumDescriptor[];
  /** `end` is exclusive. */
  extensionRange: Array<{ start: number; end: number; options?: Uint8Array }>;
  oneofDecl: Array<{ name: string; options?: Uint8Array }>;
  options?: Uint8Array;
  /** `end` is exclusive. */
  reservedRange: Array<{ start: number; end: number }>;
  reservedName: string[];
  visibility?: number;
}

export interface FieldDescriptor {
  name: string;
  number: number;
  label: number;
  type: number;
  typeName?: string;
  extendee?: string;
  defaultValue?: string;
  oneofIndex?: number;
  jsonName?: string;
  options?: Uint8Array;
  proto3Optional?: boolean;
}

export interface EnumDescriptor {
  name: string;
  value: Array<{ name: string; number: number; options?: Uint8Array }>;
  options?: Uint8Array;
  /** `end` is inclusive. */
  reservedRange: Array<{ start: number; end: number }>;
  reservedName: string[];
  visibility?: number;
}

export interface ServiceDescriptor {
  name: string;
  method: MethodDescriptor[];
  options?: Uint8Array;
}

export interface MethodDescriptor {
  name: string;
  inputType: string;
  outputType: string;
  options?: Uint8Array;
  clientStreaming?: boolean;
  serverStreaming?: boolean;
}

/** `google.protobuf.Edition` */
export const EDITIONS: Readonly<Record<string, number>> = { '2023': 1000, '2024': 1001, '2026': 1002 };

/** `FieldDescriptorProto.Label` */
export const LABELS = { optional: 1, required: 2, repeated: 3 } as const;

/** `FieldDescriptorProto.Type` */
export const FIELD_TYPES: Readonly<Record<string, number>> = {
  double: 1,
  float: 2,
  int64: 3,
  uint64: 4,
  int32: 5,
  fixed64: 6,
  fixed32: 7,
  bool: 8,
  string: 9,
  group: 10,
  message: 11,
  bytes: 12,
  uint32: 13,
  enum: 14,
  sfixed32: 15,
  sfixed64: 16,
  sint32: 17,
  sint64: 18,
};

/** The messages of google/protobuf/descriptor.proto. */
export interface DescriptorCodec {
  /** The namespace of `FileOptions` and the like. */
  readonly standard: protobuf.NamespaceBase;
  encode(file: FileDescriptor): Buffer;
  /** @throws {Error} when the bytes are not a FileDescriptorProto. */
  decode(bytes: Uint8Array): FileDescriptor;
}

/** Created from the schema included in protobufjs, anew for each use. */
export function descriptorCodec(): DescriptorCodec {
  const standard = protobuf.Root.fromJSON(descriptorSchema).lookup(
    '.google.protobuf',
  ) as protobuf.NamespaceBase;
  // Options are encoded separately, with extensions known only to the protos: here they are bytes.
  const text = JSON.stringify(descriptorSchema).replaceAll(/("options":\{"type":)"\w+Options"/g, '$1"bytes"');
  const file = protobuf.Root.fromJSON(JSON.parse(text) as INamespace).lookupType('FileDescriptorProto');
  return {
    standard,
    encode: (descriptor) => Buffer.from(file.encode(file.fromObject(descriptor)).finish()),
    decode: (bytes) => file.toObject(file.decode(bytes), { arrays: true }) as FileDescriptor,
  };
}
