/** The environment of a command and where it writes its results; a test passes its own. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly error: (text: string) => void;
  readonly cwd: string;
  /** The package manager that started the command, from `npm_config_user_agent`; `''` if none did. */
  readonly userAgent: string;
  /** Asks the user at the terminal; `undefined` if there is no terminal. */
  readonly ask?: Ask | undefined;
}

/**
 * Asks one question and returns the answer, or `fallback` if it is empty.
 *
 * @throws {InterruptedError} when the user aborts instead (Ctrl-C, Ctrl-D).
 */
export type Ask = (question: string, fallback: string) => Promise<string>;

/** The user aborted. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
}

/** The command was called wrongly: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The request cannot be carried out, and nothing was changed: exit code 1. */
export class ScaffoldError extends Error {
  override readonly name = 'ScaffoldError';
}
