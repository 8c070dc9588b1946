import { dirname } from 'node:path';
import { ExplainedError } from '@kun/config';
import { StartError } from '../lifecycle/lifecycle.js';
import { ApplicationLogger } from '../logs/application-logger.js';
import { StreamDestination } from '../logs/output/log-destination.js';
import type { Entrance } from '../wiring/entrance.js';
import type { KunRuntime } from '../wiring/options.js';

/** The report of a failed start. */
export interface StartFailure {
  /** For humans: one message, several lines when there are several problems. */
  readonly message: string;
  /** For the log. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Explains why a start failed: the message alone if it is sufficient, otherwise with the stack of the user's code. */
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
 * Logs a failed start as one error-level line with the reason and as much of the identity as is known. In development
 * mode on a terminal nothing is logged, because people read the message instead.
 */
export async function logStartFailure(
  { message, fields }: StartFailure,
  entrance: Entrance,
  runtime: KunRuntime,
): Promise<void> {
  const onTerminal = runtime.logDestination === undefined && process.stdout.isTTY;
  if (onTerminal || entrance.logsForPeople) return;
  const logger = entrance.logger ?? lastResort(entrance, runtime);
  // The stack has its own field.
  const [text = ''] = 'err' in fields ? message.split('\n') : [message];
  logger.pino.error(fields, text);
  await logger.flush();
}

/** A logger that needs no configuration, for when the configuration could not be read. */
export function lastResort({ identity }: Entrance, { logDestination, clock }: KunRuntime) {
  return new ApplicationLogger(
    { identity: identity ?? {}, ...(clock && { clock }) },
    logDestination ?? new StreamDestination(),
  );
}

/** The stack frames of the user's code, without kun's own. */
function stackWithoutKun(error: Error): string {
  const own = dirname(import.meta.dirname);
  return (error.stack ?? error.message)
    .split('\n')
    .filter((line) => !(/^ +at /.test(line) && line.includes(own)))
    .join('\n');
}
