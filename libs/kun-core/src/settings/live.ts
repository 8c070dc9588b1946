import { isDeepStrictEqual } from 'node:util';

/**
 * A setting that changes while the service runs. It is no value, so that it cannot be read once by accident: whoever
 * needs it reads `current` each time, or subscribes.
 */
export interface Live<T> {
  readonly current: T;
  /** Calls `listener` after each change of this very setting; the returned function takes it off again. */
  subscribe(listener: (value: T) => void): () => void;
}

/** Where live settings come from: what holds now, and a word when that may have changed. */
export interface Source<T> {
  now(): T;
  onChange(listener: () => void): () => void;
}

/** The live setting that `source` feeds. */
export function follow<T>(source: Source<T>): Live<T> {
  return {
    get current() {
      return source.now();
    },
    subscribe(listener) {
      let last = source.now();
      return source.onChange(() => {
        const next = source.now();
        if (isDeepStrictEqual(next, last)) return;
        last = next;
        listener(next);
      });
    },
  };
}
