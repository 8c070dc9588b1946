/** Where a command reads its circumstances and writes its results; a test hands in its own. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly error: (text: string) => void;
  readonly cwd: string;
  /** What started the command, as npm, pnpm and yarn say it in `npm_config_user_agent`; `''` when nobody does. */
  readonly userAgent: string;
  /** Asks the person at the terminal; `undefined` where there is none. */
  readonly ask?: Ask | undefined;
}

/**
 * Asks one question and returns the answer, `fallback` for an empty one.
 *
 * @throws {InterruptedError} when the person leaves instead (Ctrl-C, Ctrl-D).
 */
export type Ask = (question: string, fallback: string) => Promise<string>;

/** The person at the terminal left. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
}

/** A mistake in how the command was called: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What was asked for cannot be done, and nothing was changed: exit code 1. */
export class ScaffoldError extends Error {
  override readonly name = 'ScaffoldError';
}
