/** The four kinds of an RPC, in gRPC's words. */
export type RpcKind = 'unary' | 'server_streaming' | 'client_streaming' | 'bidi_streaming';

/** `grpc_type` as the Prometheus libraries of the field write it; `unknown` for methods that no service has. */
export type RpcTypeLabel = 'unary' | 'server_stream' | 'client_stream' | 'bidi_stream' | 'unknown';

/** What is known of a method before any call: made once at start, frozen, and compared by identity. */
export interface RpcMethod {
  /** `/package.Service/Method`. */
  readonly path: string;
  /** `package.Service`. */
  readonly service: string;
  /** `Method`. */
  readonly name: string;
  readonly kind: RpcKind;
  readonly typeLabel: RpcTypeLabel;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  /** Whether the method belongs to the plumbing (health, reflection, channelz) and not to the user's service. */
  readonly infrastructure: boolean;
  /** Whether the proto says that the method may be called again without harm (`option idempotency_level`). */
  readonly idempotent: boolean;
}

/**
 * Every call to a method that no service has is counted and logged under this one: names invented by a caller must
 * not become series (`_OTHER` is OpenTelemetry's word for it).
 */
export const UNKNOWN_METHOD: RpcMethod = Object.freeze({
  path: '/_OTHER/_OTHER',
  service: '_OTHER',
  name: '_OTHER',
  kind: 'unary',
  typeLabel: 'unknown',
  requestStream: false,
  responseStream: false,
  infrastructure: false,
  idempotent: false,
});

/** What a proto says of a method. */
export interface MethodDescription {
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly options?: { readonly idempotency_level?: string | undefined } | undefined;
}

/** Describes the method at `path` (`/package.Service/Method`). */
export function describeMethod(path: string, description: MethodDescription): RpcMethod {
  const [, service = '', name = ''] = path.split('/');
  const kind = kindOf(description.requestStream, description.responseStream);
  return Object.freeze({
    path,
    service,
    name,
    kind,
    typeLabel: kind === 'unary' ? kind : (kind.replace('streaming', 'stream') as RpcTypeLabel),
    requestStream: description.requestStream,
    responseStream: description.responseStream,
    infrastructure: service.startsWith('grpc.'),
    idempotent: ['IDEMPOTENT', 'NO_SIDE_EFFECTS'].includes(description.options?.idempotency_level ?? ''),
  });
}

function kindOf(requestStream: boolean, responseStream: boolean): RpcKind {
  if (requestStream) return responseStream ? 'bidi_streaming' : 'client_streaming';
  return responseStream ? 'server_streaming' : 'unary';
}
