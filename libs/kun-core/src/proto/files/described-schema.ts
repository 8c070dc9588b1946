import type { ProtoSchema } from './parse-protos.js';

/** Protos that reflection can tell of: they were read, or came with generated code. */
export type DescribedSchema = ProtoSchema | GeneratedSchema;

/** What generated code says of its proto files. */
export interface GeneratedSchema {
  /** Their descriptors, each after those that it imports. */
  descriptors(): readonly GeneratedFile[];
}

/** A file by the name that others import it under, and its FileDescriptorProto. */
export interface GeneratedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}
