import { importOptionalPackage } from '../../optional-package.js';
import type { LogDestination } from './log-destination.js';

/**
 * Formats each line for humans (`Logger.Development`) before it goes to `destination`.
 *
 * @throws {MissingPackageError} when `pino-pretty` is not installed; it is an optional peer dependency.
 */
export async function prettyDestination(
  destination: LogDestination,
  colorize: boolean,
): Promise<LogDestination> {
  const { prettyFactory } = await importOptionalPackage(
    () => import('pino-pretty'),
    ['pino-pretty'],
    'Logger.Development: true',
  );
  const prettify = prettyFactory({ colorize, translateTime: 'SYS:HH:MM:ss.l', ignore: IDENTITY_FIELDS });
  return {
    write: (line) => destination.write(prettify(line) ?? line),
    flush: () => destination.flush?.() ?? Promise.resolve(),
    flushSync: () => destination.flushSync?.(),
    onResumed: (listener) => destination.onResumed?.(listener),
    get dropped() {
      return destination.dropped ?? 0;
    },
  };
}

/** On a developer's terminal the identity is noise. */
const IDENTITY_FIELDS = 'domain,namespace,cluster,service,instance,version';
