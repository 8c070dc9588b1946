import type { GeneratedSchema } from './files/described-schema.js';
import type { ServiceDefinition } from './service-definition.js';

/**
 * Services defined by generated code instead of proto files; created by `protobufEs(...)` of `@kun/core/protobuf-es`.
 */
export interface GeneratedProto {
  /** The services' full names. */
  readonly serviceNames: readonly string[];
}

/** The internal form of a {@link GeneratedProto}. */
export interface LoadableProto extends GeneratedProto {
  /** Returns the services, and how their messages are encoded and decoded. */
  load(options: GeneratedProtoOptions): GeneratedServices;
}

/** The configuration's settings for all messages. */
export interface GeneratedProtoOptions {
  /** Whether a message that does not fit its proto is an error when it is sent. */
  readonly strictMessages: boolean;
}

/** Services by their full names, and what reflection reports about them. */
export interface GeneratedServices {
  readonly services: ReadonlyMap<string, ServiceDefinition>;
  readonly schema: GeneratedSchema;
}

/** Whether a source of protos is generated code. */
export function isGenerated(source: object): source is GeneratedProto {
  return 'serviceNames' in source && 'load' in source;
}

/** Loads a source for which {@link isGenerated} is true. */
export function loadGenerated(source: GeneratedProto, options: GeneratedProtoOptions): GeneratedServices {
  return (source as LoadableProto).load(options);
}
