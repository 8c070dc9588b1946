import { ExplainedError } from '@kun/config';
import type { InjectionToken } from '@nestjs/common';
import type { Interceptor } from '../../rpc/interceptor.js';
import type { GeneratedProto } from '../../proto/generated-proto.js';
import type { ProtoSource } from '../../proto/files/proto-source.js';
import type { GrpcChannelOptions } from '../../transport/channel-options.js';

/** An upstream for `KunClientModule.register`; everything else is configuration (`Upstreams.<name>`). */
export interface UpstreamOptions extends Omit<ProtoSource, 'services'> {
  /** The name it is injected by and configured under. */
  readonly name: string;
  /** The proto service, with or without its package; it may come from an imported file. */
  readonly service: string;
  /** The default for the configured target: `host:port`, or another gRPC name. */
  readonly target?: string;
  /** The service's own interceptors for this upstream, outside the retry; as in `KunModule.forRoot`. */
  readonly interceptors?: ReadonlyArray<Interceptor | InjectionToken>;
  /** grpc-js channel options; unsupported ones are refused. */
  readonly channelOptions?: GrpcChannelOptions;
}

/** An upstream whose service comes from generated code, as `protobufEs(...)` of `@kun/core/protobuf-es` returns it. */
export interface GeneratedUpstreamOptions extends Pick<
  UpstreamOptions,
  'name' | 'target' | 'interceptors' | 'channelOptions'
> {
  /** The generated proto, with exactly one service. */
  readonly proto: GeneratedProto;
}

/** An upstream, defined either way. */
export type AnyUpstreamOptions = UpstreamOptions | GeneratedUpstreamOptions;

/** An upstream's registration or configuration is invalid. */
export class UpstreamError extends ExplainedError {
  override readonly name = 'UpstreamError';
}

/** Injects the list passed to one `KunClientModule.register`. */
export const UPSTREAM_OPTIONS = Symbol('UPSTREAM_OPTIONS');

/** One entry of `KunClientModule.register`. */
export interface UpstreamRegistration {
  readonly options: AnyUpstreamOptions;
  /** Where `register` was called, from the stack. */
  readonly place: string;
}
