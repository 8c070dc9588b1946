/** A malformed header block. The two ends no longer agree on their tables, so the connection must end. */
export class HpackError extends Error {
  override readonly name = 'HpackError';
}
