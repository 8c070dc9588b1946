import type { Observable, Subscription } from 'rxjs';

/**
 * Reads an Observable with a `for await` loop. It cannot be told to wait: what comes while nobody reads is kept, so give
 * a source that can be slow to be taken an async iterable instead.
 */
export async function* observableToIterable<T>(source: Observable<T>): AsyncGenerator<T, void, undefined> {
  const waiting: T[] = [];
  let ended: { error?: unknown } | undefined;
  let wake: () => void = () => {};
  const subscription: Subscription = source.subscribe({
    next: (value) => {
      waiting.push(value);
      wake();
    },
    error: (error: unknown) => {
      ended = { error };
      wake();
    },
    complete: () => {
      ended = {};
      wake();
    },
  });
  try {
    for (;;) {
      while (waiting.length > 0) yield waiting.shift() as T;
      if (ended) break;
      await new Promise<void>((resolve) => (wake = resolve));
    }
    if ('error' in ended) throw ended.error;
  } finally {
    subscription.unsubscribe();
  }
}
