import type { LogDestination } from './log-destination.js';

/** Also passes each line to `copy`, as written; the copy includes lines that are later dropped. */
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
