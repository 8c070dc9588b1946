/** The longest value of a route, in characters, which are single bytes here. */
export const MAX_ROUTE_VALUE_LENGTH = 256;

/**
 * All routes of a call together, in bytes as HTTP/2 counts a header list (RFC 9113, 6.5.2): a quarter of the 8192 that
 * gRPC implementations take as metadata by default, so that routes never are what makes a call too large.
 */
export const MAX_ROUTES_BYTES = 2048;

/** RFC 9113, 6.5.2: what each field of a header list counts with. */
const FIELD_OVERHEAD_BYTES = 32;

/**
 * Says why a value cannot be sent unchanged; `undefined` when it can. Values are never encoded, so that a proxy matches
 * exactly what the service wrote.
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

/** How much a route counts towards {@link MAX_ROUTES_BYTES}. */
export function routeBytes(name: string, value: string): number {
  return name.length + value.length + FIELD_OVERHEAD_BYTES;
}

// PROTOCOL-HTTP2 of gRPC, "ASCII-Value"; leading and trailing spaces may be lost in transit.
const VALUE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;
