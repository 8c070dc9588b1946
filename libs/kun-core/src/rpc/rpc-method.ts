/** The four kinds of RPC, in gRPC's terms. */
export type RpcKind = 'unary' | 'server_streaming' | 'client_streaming' | 'bidi_streaming';

/** `grpc_type` as gRPC's Prometheus libraries spell it; `unknown` for methods that no service has. */
export type RpcTypeLabel = 'unary' | 'server_stream' | 'client_stream' | 'bidi_stream' | 'unknown';

/** What is known about a method before any call: created once at start, frozen, and compared by identity. */
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
  /** Whether the method belongs to the infrastructure (health, reflection, channelz) rather than the user's service. */
  readonly infrastructure: boolean;
  /** Whether the proto declares the method safe to repeat (`option idempotency_level`). */
  readonly idempotent: boolean;
}

/**
 * Calls to unknown methods are all counted and logged under this one: names invented by callers must not become time
 * series (`_OTHER` is OpenTelemetry's term for it).
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

/** What a proto says about a method. */
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
