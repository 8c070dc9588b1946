/**
 * The failures that came of checking a request, by the error. An object cannot say so of itself: a `ZodError` of a row
 * from a database looks the same.
 */
const ofRequests = new WeakSet<object>();

/** Remembers that the error came of checking a request, which pipes do: what it says of fields is the caller's to know. */
export function markRequestFailure(error: unknown): void {
  if (typeof error === 'object' && error !== null) ofRequests.add(error);
}

/** Whether it did. */
export function isRequestFailure(error: unknown): boolean {
  return typeof error === 'object' && error !== null && ofRequests.has(error);
}
