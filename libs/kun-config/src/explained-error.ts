/**
 * An error whose message says what is wrong, where, and what to do: nothing else need be shown of it. A start that fails
 * with one prints the message alone; of any other error it prints the stack, since nobody can know what is of use in it.
 *
 * Extend it for what your own modules find wrong at start:
 *
 * ```ts
 * class LicenceError extends ExplainedError {
 *   override readonly name = 'LicenceError';
 * }
 * ```
 */
export class ExplainedError extends Error {
  override readonly name: string = 'ExplainedError';
}
