import { inspect } from 'node:util';

/**
 * A text that never prints itself: not in a template string, not in JSON, not in `console.log`, not in a logger.
 * Only {@link Secret.reveal} gives it out, so each use can be found by searching for that word.
 *
 * In a schema: `z.string().transform(Secret.of)`, or `v.pipe(v.string(), v.transform(Secret.of))`.
 */
export class Secret {
  readonly #text: string;

  private constructor(text: string) {
    this.#text = text;
    Object.freeze(this);
  }

  /** Wraps a text; a bare function, to be handed to a schema library's `transform`. */
  static readonly of = (text: string): Secret => new Secret(text);

  /** The text itself. */
  reveal(): string {
    return this.#text;
  }

  equals(other: Secret): boolean {
    return this.#text === other.#text;
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  [Symbol.toPrimitive](): string {
    return HIDDEN;
  }

  [inspect.custom](): string {
    return HIDDEN;
  }
}

/** What stands in place of a secret wherever one would be printed. */
export const HIDDEN = '[secret]';

/** Whether a key names something that must not be shown. */
export type IsSecretKey = (key: string) => boolean;

/**
 * Whether a key sounds like one that holds a secret. Such values are never printed, whatever their schema says:
 * a forgotten `Secret` must not put a password into a log.
 */
export function soundsSecret(key: string): boolean {
  return /pass(word|wd|phrase)?$|pwd$|secret|token$|credential|(private|api|access|signing|encryption).?key/i.test(
    key,
  );
}
