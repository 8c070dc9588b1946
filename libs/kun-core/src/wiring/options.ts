import type { InjectionToken } from '@nestjs/common';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Clock } from '../clock.js';
import type { KunInterceptor } from '../rpc/injectable-interceptor.js';
import type { Interceptor } from '../rpc/interceptor.js';
import type { GrpcJsServices } from './grpc-js-services.js';
import type { GrpcChannelOptions } from '../transport/channel-options.js';
import type { ProtoSource } from '../proto/files/proto-source.js';
import { isGenerated, type GeneratedProto } from '../proto/generated-proto.js';
import type { RequestRules } from '../proto/request-rules.js';
import type { PortOverrides } from '../settings/declare.js';
import type { LogDestination } from '../logs/output/log-destination.js';
import type { SpanExporter } from '../traces/export/span-exporter.js';

/** The options of a service, for `KunModule.forRoot(...)`. */
export interface KunModuleOptions {
  /** The service's name when `KUN_SERVICE` is unset; selects the configuration directory. */
  readonly service?: string;
  /** The release version when `KUN_VERSION` is unset. */
  readonly version?: string;
  /** The protos served: files, or the result of `protobufEs(...)` from `@kun/core/protobuf-es` for generated code. */
  readonly proto: ProtoSource | GeneratedProto | ReadonlyArray<ProtoSource | GeneratedProto>;
  /**
   * The application's directory. Its `conf/` is the configuration when `KUN_BASE` is unset, and relative proto paths
   * are resolved against it if the file does not exist below `KUN_BASE`. Default: the working directory.
   */
  readonly base?: string;
  /** The service's own configuration keys. */
  readonly config?: {
    /** One for each group of top-level keys, from any library that implements Standard Schema. */
    readonly schemas?: readonly StandardSchemaV1[];
  };
  /**
   * The service's own interceptors, outermost first, between logging and recovery. A function is the interceptor
   * itself; anything else is the injection token of a `KunInterceptor`.
   */
  readonly interceptors?: ReadonlyArray<Interceptor | InjectionToken>;
  /**
   * Services written for grpc-js rather than Nest, served on the same port through the same chain. A service listed
   * here needs no Nest handlers even if its proto is in `proto`. Default: none
   */
  readonly services?: readonly GrpcJsServices[];
  /** Validation rules for requests: `protovalidate()` from `@kun/core/protovalidate`. Default: none */
  readonly rules?: RequestRules;
  /** grpc-js server options; unsupported ones are refused. */
  readonly channelOptions?: GrpcChannelOptions;
}

/** What the environment decides rather than the service, mainly for tests. Every option has a default. */
export interface KunRuntime {
  /** Default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Ports that override the configuration; 0 picks any free one. `none` opens no ports: calls are made in process. */
  readonly ports?: PortOverrides | 'none';
  /** Configuration values that override every file, such as `{ GRPCServer: { Reflection: true } }`. */
  readonly overrides?: Readonly<Record<string, unknown>>;
  /** Where log lines are written. Default: standard output */
  readonly logDestination?: LogDestination;
  /** Additional span exporters, such as a test's recorder; setting one turns tracing on. */
  readonly spanExporters?: readonly SpanExporter[];
  /** Interceptors that run before the service's own, such as a test's recorder. */
  readonly interceptors?: ReadonlyArray<Interceptor | KunInterceptor>;
  /** Default: the system clock */
  readonly clock?: Clock;
  /**
   * Whether kun handles the process's signals, uncaught errors and exit: the first SIGTERM or SIGINT drains, the second
   * forces, and the exit code reports the outcome. `false` leaves the process alone, as `startTestService` does.
   * Default: true
   */
  readonly processEvents?: boolean;
}

/**
 * The directories searched for protos, in order: below `KUN_BASE`, so that they can move with the configuration, then
 * the application's own directory, where they are when only `conf/` is mounted elsewhere.
 */
export function protoDirectories(
  { base = process.cwd() }: Pick<KunModuleOptions, 'base'>,
  { env = process.env }: Pick<KunRuntime, 'env'>,
): readonly string[] {
  const moved = env['KUN_BASE'];
  return [...new Set(moved ? [moved, base] : [base])];
}

/** The port overrides, if any port is to be opened. */
export function portOverrides({ ports }: Pick<KunRuntime, 'ports'>): PortOverrides | undefined {
  return ports === 'none' ? undefined : ports;
}

/** The interceptors of the runtime options. */
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
