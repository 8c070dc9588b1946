import type { LogDestination } from './log-destination.js';

/** Gives each line to `copy` as well, as it was written; what is lost on its way out of the process is in the copy. */
export function copiedDestination(destination: LogDestination, copy: (line: string) => void): LogDestination {
  return {
    write(line) {
      destination.write(line);
      copy(line);
    },
    flush: () => destination.flush?.() ?? Promise.resolve(),
    flushSync: () => destination.flushSync?.(),
    onResumed: (listener) => destination.onResumed?.(listener),
    get dropped() {
      return destination.dropped ?? 0;
    },
  };
}
