import { setLogger } from '@grpc/grpc-js';
import { systemClock } from '../clock.js';
import { CALLERS_LINES, LineSampler } from './line-sampler.js';

/** A line from a library, with its level. */
export type LibraryLine = (level: 'debug' | 'log' | 'warn', message: string) => void;

/**
 * Redirects grpc-js' process-wide logger, which prints to standard error, into a log; the returned function restores
 * it. Verbosity and tracers remain controlled by `GRPC_VERBOSITY` and `GRPC_TRACE`.
 */
export function takeGrpcJsLog(write: LibraryLine): () => void {
  const sampler = new LineSampler(CALLERS_LINES);
  const at =
    (level: Parameters<LibraryLine>[0]) =>
    (...said: unknown[]): void => {
      const skipped = sampler.take(systemClock.now());
      if (skipped === undefined) return;
      const message = withoutValues(said.map(String).join(' '));
      write(level, skipped > 0 ? `${message} (${skipped} lines left out before)` : message);
    };
  setLogger({ error: at('warn'), info: at('log'), debug: at('debug') });
  return () => setLogger(AS_FOUND);
}

/** grpc-js' default logger. */
const AS_FOUND: Partial<Console> = {
  error: (message: unknown, ...rest: unknown[]) => console.error(`E ${String(message)}`, ...rest),
  info: (message: unknown, ...rest: unknown[]) => console.error(`I ${String(message)}`, ...rest),
  debug: (message: unknown, ...rest: unknown[]) => console.error(`D ${String(message)}`, ...rest),
};

/** The one message of grpc-js that repeats what a peer sent. */
function withoutValues(message: string): string {
  return message.startsWith('Failed to add metadata entry')
    ? 'grpc-js dropped invalid metadata of a peer'
    : message;
}
