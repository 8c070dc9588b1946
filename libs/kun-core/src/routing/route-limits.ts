/** The longest value of a route, in characters, which are bytes here. */
export const MAX_ROUTE_VALUE_LENGTH = 256;

/**
 * All routes of a call together, in bytes as HTTP/2 counts a header list (RFC 9113, 6.5.2): a quarter of the 8192 that
 * gRPC implementations take as metadata by default, so that routes never are what makes a call too large.
 */
export const MAX_ROUTES_BYTES = 2048;

/** RFC 9113, 6.5.2: what each field of a header list counts with. */
const FIELD_OVERHEAD_BYTES = 32;

/**
 * Says why a value cannot be sent as it is; `undefined` when it can. Nothing is encoded on the way, so that a proxy
 * matches the very text that the service wrote.
 */
export function routeValueProblem(value: unknown): string | undefined {
  if (typeof value !== 'string') return `needs a string as its value, found ${typeof value}`;
  if (value.length > MAX_ROUTE_VALUE_LENGTH) {
    return `has a value of ${value.length} characters, more than ${MAX_ROUTE_VALUE_LENGTH}`;
  }
  if (value === '') return 'has an empty value; give undefined to remove it';
  return VALUE.test(value)
    ? undefined
    : 'has a value that metadata cannot carry: printable ASCII without a space at either end; encode it, for example with encodeURIComponent';
}

/** What a route counts of {@link MAX_ROUTES_BYTES}. */
export function routeBytes(name: string, value: string): number {
  return name.length + value.length + FIELD_OVERHEAD_BYTES;
}

// PROTOCOL-HTTP2 of gRPC, "ASCII-Value"; spaces at the ends may be lost on the way.
const VALUE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;
