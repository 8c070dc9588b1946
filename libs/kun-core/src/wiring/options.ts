import type { InjectionToken } from '@nestjs/common';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Clock } from '../clock.js';
import type { KunInterceptor } from '../rpc/injectable-interceptor.js';
import type { Interceptor } from '../rpc/interceptor.js';
import type { GrpcJsServices } from './own-services.js';
import type { GrpcChannelOptions } from '../transport/channel-options.js';
import type { ProtoSource } from '../proto/files/proto-source.js';
import { isGenerated, type GeneratedProto } from '../proto/generated-proto.js';
import type { RequestRules } from '../proto/request-rules.js';
import type { PortOverrides } from '../settings/declare.js';
import type { LogDestination } from '../logs/output/log-destination.js';
import type { SpanExporter } from '../traces/export/span-exporter.js';

/** What a service says of itself, in `KunModule.forRoot(...)`. */
export interface KunModuleOptions {
  /** The service's name when `KUN_SERVICE` is unset; it selects the configuration's directory. */
  readonly service?: string;
  /** The release that runs, when `KUN_VERSION` is unset. */
  readonly version?: string;
  /** The protos served: files, or what `protobufEs(...)` of `@kun/core/protobuf-es` makes of generated code. */
  readonly proto: ProtoSource | GeneratedProto | ReadonlyArray<ProtoSource | GeneratedProto>;
  /**
   * The application's directory: its `conf/` is the configuration when `KUN_BASE` is unset, and relative paths of protos
   * count from it where there is no such file below `KUN_BASE`. Default: the working directory.
   */
  readonly base?: string;
  /** The service's own configuration keys. */
  readonly config?: {
    /** One for each group of top-level keys, from any library that speaks Standard Schema. */
    readonly schemas?: readonly StandardSchemaV1[];
  };
  /**
   * The service's own interceptors, outermost first, between logging and recovery. A function is the interceptor
   * itself; anything else is the injection token of a `KunInterceptor`.
   */
  readonly interceptors?: ReadonlyArray<Interceptor | InjectionToken>;
  /**
   * Services that are written for grpc-js and not for Nest, on the same port and through the same chain. One whose proto is
   * in `proto`, too, wants no handlers. Default: none
   */
  readonly services?: readonly GrpcJsServices[];
  /** Rules of the protos that requests are held to: `protovalidate()` of `@kun/core/protovalidate`. Default: none */
  readonly rules?: RequestRules;
  /** grpc-js' own server options; those that it does not read are refused. */
  readonly channelOptions?: GrpcChannelOptions;
}

/** What the surroundings decide and not the service: tests, above all. Every part has a default. */
export interface KunRuntime {
  /** Default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Ports that win over the configuration; 0 is any free one. `none` opens none at all: calls come from within. */
  readonly ports?: PortOverrides | 'none';
  /** Configuration values that win over every file, as `{ GRPCServer: { Reflection: true } }`. */
  readonly overrides?: Readonly<Record<string, unknown>>;
  /** Where log lines go. Default: standard output. */
  readonly logDestination?: LogDestination;
  /** Further exporters of spans, as a test's recorder; with one, calls are traced. */
  readonly spanExporters?: readonly SpanExporter[];
  /** Interceptors before the service's own, as a test's recorder. */
  readonly interceptors?: ReadonlyArray<Interceptor | KunInterceptor>;
  /** Default: the system's. */
  readonly clock?: Clock;
  /**
   * Whether the process's signals, the errors that nobody caught and its end are kun's: the first SIGTERM or SIGINT
   * drains, the second forces, and the exit code says how it went. `false` leaves the process alone, as
   * `startTestService` does. Default true
   */
  readonly processEvents?: boolean;
}

/**
 * Where the protos are looked for, in this order: below `KUN_BASE`, so that they can move with the configuration, and in
 * the application's own directory, where they are when only `conf/` is mounted elsewhere.
 */
export function protoDirectories(
  { base = process.cwd() }: Pick<KunModuleOptions, 'base'>,
  { env = process.env }: Pick<KunRuntime, 'env'>,
): readonly string[] {
  const moved = env['KUN_BASE'];
  return [...new Set(moved ? [moved, base] : [base])];
}

/** The ports of the surroundings, where they open any. */
export function portOverrides({ ports }: Pick<KunRuntime, 'ports'>): PortOverrides | undefined {
  return ports === 'none' ? undefined : ports;
}

/** The interceptors of the surroundings. */
export function surroundingInterceptors({
  interceptors = [],
}: Pick<KunRuntime, 'interceptors'>): Interceptor[] {
  return interceptors.map((each) => (typeof each === 'function' ? each : (next) => each.intercept(next)));
}

/** The protos served, as a list. */
export function protoSources({
  proto,
}: Pick<KunModuleOptions, 'proto'>): ReadonlyArray<ProtoSource | GeneratedProto> {
  return 'path' in proto || isGenerated(proto) ? [proto] : proto;
}
