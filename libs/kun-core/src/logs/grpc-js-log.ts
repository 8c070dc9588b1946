import { setLogger } from '@grpc/grpc-js';
import { systemClock } from '../clock.js';
import { CALLERS_LINES, LineSampler } from './line-sampler.js';

/** A line of a library, and how bad it takes it to be. */
export type LibraryLine = (level: 'debug' | 'log' | 'warn', message: string) => void;

/**
 * Has grpc-js, whose logger is one for the process and prints on standard error, write into a log; the returned function
 * gives it its own printing back. Verbosity and tracers stay what `GRPC_VERBOSITY` and `GRPC_TRACE` say.
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

/** What grpc-js prints with when nobody sets a logger. */
const AS_FOUND: Partial<Console> = {
  error: (message: unknown, ...rest: unknown[]) => console.error(`E ${String(message)}`, ...rest),
  info: (message: unknown, ...rest: unknown[]) => console.error(`I ${String(message)}`, ...rest),
  debug: (message: unknown, ...rest: unknown[]) => console.error(`D ${String(message)}`, ...rest),
};

/** The one message of grpc-js that repeats what a peer sent. */
function withoutValues(message: string): string {
  return message.startsWith('Failed to add metadata entry')
    ? 'grpc-js left out metadata of a peer that is not valid'
    : message;
}
