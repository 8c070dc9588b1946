import { ExplainedError } from '@kun/config';
import type { InjectionToken } from '@nestjs/common';
import type { Interceptor } from '../../rpc/interceptor.js';
import type { GeneratedProto } from '../../proto/generated-proto.js';
import type { ProtoSource } from '../../proto/files/proto-source.js';
import type { GrpcChannelOptions } from '../../transport/channel-options.js';

/** An upstream as `KunClientModule.register` is told of it; the rest is the configuration's (`Upstreams.<name>`). */
export interface UpstreamOptions extends Omit<ProtoSource, 'services'> {
  /** The name it is injected by and configured under. */
  readonly name: string;
  /** The service of the proto, with or without its package; it may be one of an imported file. */
  readonly service: string;
  /** Where it is when the configuration does not say: `host:port`, or a name as gRPC writes them. */
  readonly target?: string;
  /** The service's own interceptors for this upstream, outside of the retry; as in `KunModule.forRoot`. */
  readonly interceptors?: ReadonlyArray<Interceptor | InjectionToken>;
  /** grpc-js' own channel options; those that it does not read are refused. */
  readonly channelOptions?: GrpcChannelOptions;
}

/** An upstream whose service comes with generated code, as `protobufEs(...)` of `@kun/core/protobuf-es` gives it. */
export interface GeneratedUpstreamOptions extends Pick<
  UpstreamOptions,
  'name' | 'target' | 'interceptors' | 'channelOptions'
> {
  /** The one service of the upstream. */
  readonly proto: GeneratedProto;
}

/** An upstream, whichever way its service is known. */
export type AnyUpstreamOptions = UpstreamOptions | GeneratedUpstreamOptions;

/** An upstream cannot be what its registration or configuration says. */
export class UpstreamError extends ExplainedError {
  override readonly name = 'UpstreamError';
}

/** Injects the list given to one `KunClientModule.register`. */
export const UPSTREAM_OPTIONS = Symbol('UPSTREAM_OPTIONS');

/** One entry of a `KunClientModule.register`. */
export interface UpstreamRegistration {
  readonly options: AnyUpstreamOptions;
  /** Where `register` was called, as the stack says it. */
  readonly place: string;
}
