import { randomUUID } from 'node:crypto';

/** The header that carries the id, in both directions, on gRPC and HTTP. */
export const REQUEST_ID_HEADER = 'x-request-id';

/** The longest id taken from a caller. */
export const MAX_REQUEST_ID_LENGTH = 128;

/**
 * Takes a caller's id over when it is safe to repeat in logs, headers and queries: up to 128 of the letters, digits and
 * `. _ : = + / @ -` that the ids of proxies, clouds and tracers are made of. Otherwise makes one, a random UUID, as
 * cheap as a counter since Node draws the randomness of 128 at a time.
 */
export function requestIdFrom(inbound: unknown): string {
  return typeof inbound === 'string' && SAFE_ID.test(inbound) ? inbound : randomUUID();
}

const SAFE_ID = new RegExp(`^[\\w.:=+/@-]{1,${MAX_REQUEST_ID_LENGTH}}$`);
