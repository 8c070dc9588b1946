/** Where metadata goes out. */
export type MetadataPlace = 'request' | 'response headers' | 'response trailers';

/** What HTTP/2 forbids or reads itself (RFC 9113, 8.2.2; RFC 9110), so that it must not be taken over from elsewhere. */
const HTTP = [
  // Forbidden: a peer treats a message with one of these as malformed, and Node refuses to send it.
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
  // Describe a body that is not this one, or this hop.
  'accept-encoding',
  'alt-svc',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'trailer',
];

/** What gRPC itself writes (PROTOCOL-HTTP2 of gRPC, "Requests", "Responses"). */
const GRPC = [
  'grpc-accept-encoding',
  'grpc-encoding',
  'grpc-internal-encoding-request',
  'grpc-internal-stream-encoding-request',
  'grpc-message',
  'grpc-message-type',
  'grpc-status',
  'grpc-timeout',
];

/** Goes with a failure, in its trailers, and nowhere else. */
const DETAILS = 'grpc-status-details-bin';

const RESERVED: Readonly<Record<MetadataPlace, ReadonlySet<string>>> = {
  // grpc-js writes a `user-agent` of its own over any other; `grpc.primary_user_agent` names the service in it.
  request: new Set([...HTTP, ...GRPC, DETAILS, 'user-agent']),
  'response headers': new Set([...HTTP, ...GRPC, DETAILS]),
  'response trailers': new Set([...HTTP, ...GRPC]),
};

// PROTOCOL-HTTP2, "Header-Name", which excludes pseudo-headers (`:path`).
const NAME = /^[0-9a-z_.-]+$/;

/** Why metadata of this name (in lower case) is not sent there; `undefined` when it is. */
export function metadataNameProblem(name: string, place: MetadataPlace): 'reserved' | 'name' | undefined {
  if (RESERVED[place].has(name)) return 'reserved';
  if (NAME.test(name)) return undefined;
  return name.startsWith(':') ? 'reserved' : 'name';
}

/** All names that are reserved somewhere, for tests and documents. */
export function reservedMetadata(place: MetadataPlace): readonly string[] {
  return [...RESERVED[place]].toSorted();
}

/**
 * Fields that HTTP allows once: Node throws where it is given two. Source: `kSingleValueFields` in Node's
 * `lib/internal/http2/util.js`, without what is reserved anyway.
 */
export const SINGLE_VALUE_FIELDS: ReadonlySet<string> = new Set([
  'access-control-allow-credentials',
  'access-control-max-age',
  'access-control-request-method',
  'age',
  'authorization',
  'content-language',
  'content-location',
  'content-md5',
  'content-range',
  'date',
  'dnt',
  'etag',
  'expires',
  'from',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'last-modified',
  'location',
  'max-forwards',
  'proxy-authorization',
  'range',
  'referer',
  'retry-after',
  'tk',
  'upgrade-insecure-requests',
  'user-agent',
  'x-content-type-options',
]);
