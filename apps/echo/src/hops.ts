import { badRequest, invalidArgument } from '@kun/core';

/** How often a request may be forwarded: each hop holds a call open in every service before it. */
export const MAX_HOPS = 16;

/**
 * The request for the next hop.
 *
 * @throws {StatusError} with INVALID_ARGUMENT when it asks for more than {@link MAX_HOPS}.
 */
export function oneHopLess<T extends { hops: number }>(request: T): T {
  if (request.hops > MAX_HOPS) {
    const description = `at most ${MAX_HOPS}`;
    throw invalidArgument(`hops: ${description}`, {
      details: [badRequest({ fieldViolations: [{ field: 'hops', description }] })],
    });
  }
  return { ...request, hops: request.hops - 1 };
}
