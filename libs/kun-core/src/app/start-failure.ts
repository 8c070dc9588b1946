import { dirname } from 'node:path';
import { ExplainedError } from '@kun/config';
import { StartError } from '../lifecycle/lifecycle.js';
import { ApplicationLogger } from '../logs/application-logger.js';
import { StreamDestination } from '../logs/output/log-destination.js';
import type { Entrance } from '../wiring/entrance.js';
import type { KunRuntime } from '../wiring/options.js';

/** What is said of a start that failed. */
export interface StartFailure {
  /** For people: one message, of several lines where there are several problems. */
  readonly message: string;
  /** For the log. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Says why a start failed: by its message alone where that is enough, else with where the user's code failed. */
export function explainStartFailure(error: unknown): StartFailure {
  const phase = error instanceof StartError ? error.phase : undefined;
  const reason = error instanceof StartError ? error.cause : error;
  const fields = phase === undefined ? {} : { phase };
  if (!(reason instanceof Error)) return { message: `cannot start: ${String(reason)}`, fields };
  if (reason instanceof ExplainedError) {
    return { message: `cannot start: ${reason.message}`, fields: { ...fields, type: reason.name } };
  }
  const where = phase === undefined ? '' : ` (${phase})`;
  return { message: `cannot start${where}: ${stackWithoutKun(reason)}`, fields: { ...fields, err: reason } };
}

/**
 * Writes the one line of a start that failed: at error level, with the reason and with who the process is as far as that
 * is known. Where lines are for people (`Logger.Development`, a terminal) there is none: they read the message.
 */
export async function logStartFailure(
  { message, fields }: StartFailure,
  entrance: Entrance,
  runtime: KunRuntime,
): Promise<void> {
  const onTerminal = runtime.logDestination === undefined && process.stdout.isTTY;
  if (onTerminal || entrance.logsForPeople) return;
  const logger = entrance.logger ?? lastResort(entrance, runtime);
  // The stack stands in a field of its own.
  const [text = ''] = 'err' in fields ? message.split('\n') : [message];
  logger.pino.error(fields, text);
  await logger.flush();
}

/** A logger that wants nothing: the configuration, or what it names, could not be read. */
export function lastResort({ identity }: Entrance, { logDestination, clock }: KunRuntime) {
  return new ApplicationLogger(
    { identity: identity ?? {}, ...(clock && { clock }) },
    logDestination ?? new StreamDestination(),
  );
}

/** Where the user's code failed; how kun got there is of no use to anybody. */
function stackWithoutKun(error: Error): string {
  const own = dirname(import.meta.dirname);
  return (error.stack ?? error.message)
    .split('\n')
    .filter((line) => !(/^ +at /.test(line) && line.includes(own)))
    .join('\n');
}
