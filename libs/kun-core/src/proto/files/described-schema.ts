import type { ProtoSchema } from './parse-protos.js';

/** Protos that reflection can describe: loaded from files, or provided by generated code. */
export type DescribedSchema = ProtoSchema | GeneratedSchema;

/** What generated code contains about its proto files. */
export interface GeneratedSchema {
  /** Their descriptors, each after those that it imports. */
  descriptors(): readonly GeneratedFile[];
}

/** A file by the name under which it is imported, and its FileDescriptorProto. */
export interface GeneratedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}
