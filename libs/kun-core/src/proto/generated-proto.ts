import type { GeneratedSchema } from './files/described-schema.js';
import type { ServiceDefinition } from './service-definition.js';

/**
 * Services that come with generated code, in the place of proto files: `protobufEs(...)` of `@kun/core/protobuf-es` makes
 * one.
 */
export interface GeneratedProto {
  /** Full names of the services. */
  readonly serviceNames: readonly string[];
}

/** The same as its maker knows it. */
export interface LoadableProto extends GeneratedProto {
  /** What is served and called, and how its messages are read and written. */
  load(options: GeneratedProtoOptions): GeneratedServices;
}

/** What the configuration says of all messages. */
export interface GeneratedProtoOptions {
  /** Whether what does not fit its proto is an error when it is sent. */
  readonly strictMessages: boolean;
}

/** Services by their full names, and what reflection tells of them. */
export interface GeneratedServices {
  readonly services: ReadonlyMap<string, ServiceDefinition>;
  readonly schema: GeneratedSchema;
}

/** Whether a source of protos is generated code. */
export function isGenerated(source: object): source is GeneratedProto {
  return 'serviceNames' in source && 'load' in source;
}

/** What a source that {@link isGenerated} holds. */
export function loadGenerated(source: GeneratedProto, options: GeneratedProtoOptions): GeneratedServices {
  return (source as LoadableProto).load(options);
}
