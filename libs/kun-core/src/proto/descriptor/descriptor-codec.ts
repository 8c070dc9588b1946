import protobuf, { type INamespace } from 'protobufjs';
import descriptorSchema from 'protobufjs/google/protobuf/descriptor.json' with { type: 'json' };
import type { FileDescriptor } from './descriptor-types.js';

/** The messages of google/protobuf/descriptor.proto. */
export interface DescriptorCodec {
  /** `FileOptions` and its kin. */
  readonly standard: protobuf.NamespaceBase;
  encode(file: FileDescriptor): Buffer;
}

/** Made of the schema that protobufjs has with it, once for each use. */
export function descriptorCodec(): DescriptorCodec {
  const standard = protobuf.Root.fromJSON(descriptorSchema).lookup(
    '.google.protobuf',
  ) as protobuf.NamespaceBase;
  // Options are encoded apart, with extensions that only the protos themselves know: here they are bytes.
  const text = JSON.stringify(descriptorSchema).replaceAll(/("options":\{"type":)"\w+Options"/g, '$1"bytes"');
  const file = protobuf.Root.fromJSON(JSON.parse(text) as INamespace).lookupType('FileDescriptorProto');
  return {
    standard,
    encode: (descriptor) => Buffer.from(file.encode(file.fromObject(descriptor)).finish()),
  };
}
