import type { Subscriber } from 'rxjs';

interface ObserverParts {
  next?(value: unknown): void;
  error?(error: unknown): void;
  complete?(): void;
}

/** What rxjs 7 keeps of a subscription: each operator's subscriber leads to the next, the last to the observer. */
interface SubscriberParts {
  readonly destination?: SubscriberParts | undefined;
  /** Of the last: what was given to `subscribe(...)`. */
  partialObserver?: ObserverParts | undefined;
}

/**
 * Hears what an observer does not: what its own code throws, and an error where it has no ear for errors. That is the
 * form of Nest's guide, `messages.subscribe({ next, complete })`, and rxjs throws what nobody hears into the process.
 */
export function hearUnheard(subscriber: Subscriber<unknown>, onUnheard: (error: unknown) => void): void {
  let parts = subscriber as unknown as SubscriberParts;
  // No chain of operators is as long; a ring would be a defect.
  for (let steps = 0; parts.destination && steps < 1000; steps++) parts = parts.destination;
  const observer = parts.partialObserver;
  if (!observer) return;
  const guarded = (run: () => void) => {
    try {
      run();
    } catch (error) {
      onUnheard(error);
    }
  };
  parts.partialObserver = {
    next: (value) => guarded(() => observer.next?.(value)),
    error: (error) => (observer.error ? guarded(() => observer.error?.(error)) : onUnheard(error)),
    complete: () => guarded(() => observer.complete?.()),
  };
}
