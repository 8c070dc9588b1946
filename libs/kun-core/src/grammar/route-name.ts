/** The longest name of a route, in characters. */
export const MAX_ROUTE_NAME_LENGTH = 64;

/**
 * Says why metadata of this name cannot be a route; `undefined` when it can. Upper and lower case are the same, as they
 * are in metadata.
 *
 * Refused are names that text metadata cannot have (gRPC's PROTOCOL-HTTP2, "Custom-Metadata"), names of gRPC, of HTTP,
 * of one hop or of a proxy, names that other parts of kun set, and credentials: routes travel far and are logged.
 */
export function routeNameProblem(name: string): string | undefined {
  const key = name.toLowerCase();
  if (key.length > MAX_ROUTE_NAME_LENGTH) return `is longer than ${MAX_ROUTE_NAME_LENGTH} characters`;
  if (!KEY.test(key)) return 'is not a metadata key: it needs letters, digits, "-", "_" and "." only';
  if (key.endsWith('-bin')) return 'ends with "-bin", which marks binary metadata';
  const prefix = RESERVED_PREFIXES.find((reserved) => key.startsWith(reserved));
  if (prefix !== undefined) return `begins with "${prefix}", which is not the service's to set`;
  return RESERVED.has(key) ? 'has a meaning of its own in gRPC, HTTP or kun' : undefined;
}

/**
 * Says why an entry of `Routing.Allow` is not valid; `undefined` when it is. A `*` stands at the end only and after a
 * dash or a dot: `*` and `x-*` would forward whatever callers send, keys of theirs included, and `x*` soon means more than
 * was thought of.
 */
export function routePatternProblem(pattern: string): string | undefined {
  if (!pattern.includes('*')) return routeNameProblem(pattern);
  const prefix = pattern.slice(0, -1);
  if (
    !pattern.endsWith('*') ||
    prefix.includes('*') ||
    !/[-._]$/.test(prefix) ||
    /^(?:x-|.)$/i.test(prefix)
  ) {
    return 'has a "*" out of place: it stands at the end, after a name and a dash, as in "x-route-*"';
  }
  return routeNameProblem(prefix);
}

const KEY = /^[0-9a-z_.-]+$/;

const RESERVED_PREFIXES = ['grpc-', 'x-envoy-', 'x-forwarded-', 'x-b3-', 'proxy-'];

const RESERVED: ReadonlySet<string> = new Set([
  // HTTP and gRPC
  'accept',
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'forwarded',
  'host',
  'http2-settings',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
  'via',
  // credentials
  'authorization',
  'cookie',
  'set-cookie',
  // kun: request id and trace
  'x-request-id',
  'traceparent',
  'tracestate',
  'baggage',
  'b3',
]);
