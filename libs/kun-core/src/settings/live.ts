import { isDeepStrictEqual } from 'node:util';

/**
 * A setting that can change while the service runs. It is an object rather than a value, so that it is not read once by
 * accident: read `current` each time, or subscribe.
 */
export interface Live<T> {
  readonly current: T;
  /** Calls `listener` after each change of this setting; the returned function unsubscribes it. */
  subscribe(listener: (value: T) => void): () => void;
}

/** The source of live settings: the current value, and notification that it may have changed. */
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
