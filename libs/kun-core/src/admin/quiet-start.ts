import { AsyncLocalStorage } from 'node:async_hooks';
import type { LoggerService } from '@nestjs/common';

/**
 * Nest logs at level `log` the parts of each application that it creates, through one logger for the whole process. For
 * the admin application that is noise, and switching the logger off for a moment would silence the others; so its
 * start runs in here, and {@link withoutAdminStart} drops what is logged in here.
 */
export function quietStart<T>(start: () => Promise<T>): Promise<T> {
  return quiet.run(true, start);
}

/** A logger that passes everything on to `logger`, except what Nest says below `warn` while an admin port starts. */
export function withoutAdminStart(logger: LoggerService): LoggerService {
  return {
    log: unlessQuiet((message, ...rest) => logger.log(message, ...rest)),
    debug: unlessQuiet((message, ...rest) => logger.debug?.(message, ...rest)),
    verbose: unlessQuiet((message, ...rest) => logger.verbose?.(message, ...rest)),
    warn: (message: unknown, ...rest: unknown[]) => void logger.warn(message, ...rest),
    error: (message: unknown, ...rest: unknown[]) => void logger.error(message, ...rest),
    fatal: (message: unknown, ...rest: unknown[]) => void logger.fatal?.(message, ...rest),
    setLogLevels: (levels) => void logger.setLogLevels?.(levels),
  };
}

type Write = (message: unknown, ...rest: unknown[]) => void;

const quiet = new AsyncLocalStorage<true>();

function unlessQuiet(write: Write): Write {
  return (message, ...rest) => {
    if (!quiet.getStore()) write(message, ...rest);
  };
}
