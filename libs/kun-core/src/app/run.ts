import { dirname } from 'node:path';
import type { KunApplication } from './application.js';
import { StartError, type StopReport } from '../lifecycle/lifecycle.js';
import { onStopSignals } from '../lifecycle/signals.js';

/** How long the process may take to end by itself once everything is stopped; something of the user's may linger. */
const LINGER_MS = 500;

/** Errors whose message says what is wrong, where, and what to do: their stack would only hide it. */
const EXPLAINED: ReadonlySet<string> = new Set([
  'AdminPortError',
  'CertificateError',
  'ChannelOptionError',
  'ClientChannelOptionError',
  'ConfigError',
  'HandlerCoverageError',
  'HttpPortError',
  'IdentityError',
  'ListenError',
  'MissingPackageError',
  'ProtoError',
  'TargetError',
  'UpstreamError',
  'UpstreamNotReadyError',
  'RootModuleError',
]);

/** The life of a process that is nothing but the application. */
export async function runUntilStopped(create: () => Promise<KunApplication>): Promise<void> {
  // A signal while the application is being made: there is nothing to drain yet, and nobody to wait for.
  const offEarlySignals = onStopSignals(process, {
    onFirst: () => process.exit(0),
    onSecond: () => undefined,
  });
  let application: KunApplication;
  try {
    application = await create();
  } catch (error) {
    leave(explain(error));
    return;
  } finally {
    offEarlySignals();
  }
  const { lifecycle } = application;
  let giveUp = (): void => {};
  const givenUp = new Promise<void>((resolve) => (giveUp = resolve));
  let told: Promise<StopReport> | undefined;
  const offSignals = onStopSignals(process, {
    onFirst: (signal) => {
      told = application.stop(signal);
      void told.then(giveUp);
    },
    onSecond: () => lifecycle.force(),
  });
  try {
    // A stop that is forced does not wait for a start that hangs.
    await Promise.race([application.start(), givenUp]);
  } catch (error) {
    // Nobody wants to know of a start that was given up for the stop.
    if (!told) {
      offSignals();
      leave(explain(error));
      return;
    }
  }
  const { clean } = await lifecycle.whenStopped;
  offSignals();
  leave(undefined, clean ? 0 : 1);
}

/** Ends the process: by itself when nothing holds it, else soon. */
function leave(message: string | undefined, code: 0 | 1 = 1): void {
  if (message !== undefined) process.stderr.write(`${message}\n`);
  process.exitCode = code;
  setTimeout(() => process.exit(), LINGER_MS).unref();
}

function explain(error: unknown): string {
  const reason = error instanceof StartError ? error.cause : error;
  if (!(reason instanceof Error)) return `cannot start: ${String(reason)}`;
  if (EXPLAINED.has(reason.name)) return `cannot start: ${reason.message}`;
  const where = error instanceof StartError ? ` (${error.phase})` : '';
  return `cannot start${where}: ${stackWithoutKun(reason)}`;
}

/** Where the user's code failed; how kun got there is of no use to anybody. */
function stackWithoutKun(error: Error): string {
  const own = dirname(import.meta.dirname);
  return (error.stack ?? error.message)
    .split('\n')
    .filter((line) => !(/^ +at /.test(line) && line.includes(own)))
    .join('\n');
}
