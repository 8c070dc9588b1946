import pino, { type Logger } from 'pino';
import { systemClock, type Clock, isoFormatter, settledWithin } from '../clock.js';
import type { IdentityFields } from '../identity/identity.js';
import { currentCall } from '../rpc/current-call.js';
import type { LogLevel } from '../settings/keys/logger.js';
import { callFields } from './call-fields.js';
import { LineWriter, type LineLevel } from './line-writer.js';
import { copiedDestination } from './output/copied-destination.js';
import { StreamDestination, type LogDestination } from './output/log-destination.js';
import { prettyDestination } from './output/pretty-destination.js';
import { serializeError } from './serialize-error.js';

/** How an {@link ApplicationLogger} writes. */
export interface ApplicationLoggerOptions {
  /** Stands in every line, as far as it is known. */
  readonly identity: Partial<IdentityFields>;
  /** The lowest level that is written (`Logger.Level`). Default: info */
  readonly level?: LogLevel;
  /** Lines for people (`Logger.Development`); needs the package pino-pretty. Default: false */
  readonly development?: boolean;
  /** Whether lines carry the call's tags (`GRPCServer.CtxTags`). Default: true */
  readonly tags?: boolean;
  /** Where lines go. Default: standard output */
  readonly destination?: LogDestination;
  /** Is given each line as well, before it is rewritten for people. Default: nobody, which costs nothing */
  readonly copy?: ((line: string) => void) | undefined;
  /** Default: the system's */
  readonly clock?: Clock;
}

/** The levels of lines, the most talkative first. */
export const LINE_LEVELS = [
  'trace',
  'debug',
  'info',
  'warn',
  'error',
  'fatal',
] as const satisfies LineLevel[];

/**
 * Makes the one logger of an application.
 *
 * @throws {MissingPackageError} when `development` is on and pino-pretty is not installed.
 */
export async function openLogger(options: ApplicationLoggerOptions): Promise<ApplicationLogger> {
  const written = options.destination ?? new StreamDestination();
  const colorize = options.destination === undefined && process.stdout.isTTY;
  const destination = options.development ? await prettyDestination(written, colorize) : written;
  return new ApplicationLogger(
    options,
    options.copy ? copiedDestination(destination, options.copy) : destination,
  );
}

/** The one logger of an application: two applications in one process share nothing of it. */
export class ApplicationLogger {
  /** Its lines carry the fields of the call they are written under. */
  readonly pino: Logger;
  private readonly identity: Readonly<Record<string, unknown>>;
  private readonly time: () => string;
  private readonly written = new Map<number, number>();

  constructor(
    options: ApplicationLoggerOptions,
    private readonly destination: LogDestination,
  ) {
    const tagsEnabled = options.tags ?? true;
    this.identity = identityFields(options.identity);
    this.time = isoTime(options.clock ?? systemClock);
    this.pino = pino(
      {
        level: options.level ?? 'info',
        base: this.identity,
        timestamp: this.time,
        formatters: { level: (label) => ({ level: label }) },
        serializers: { err: serializeError, error: errorOrValue },
        // Called once for each line that is written, so it is where they are counted.
        mixin: (_merged, level) => {
          this.count(level);
          const call = currentCall();
          return call ? callFields(call, tagsEnabled) : NO_FIELDS;
        },
        mixinMergeStrategy: (merged, mixed) => (mixed === NO_FIELDS ? merged : Object.assign(mixed, merged)),
      },
      { write: (line) => destination.write(line) },
    );
    destination.onResumed?.((lost) =>
      this.pino.warn({ lines_lost: lost }, 'log lines were lost: nobody took them for a while'),
    );
  }

  get level(): LogLevel {
    return this.pino.level as LogLevel;
  }

  /** Takes effect at once, for all loggers derived from this one too. */
  set level(level: LogLevel) {
    this.pino.level = level;
  }

  /** A writer of lines that all have the identity and these fields. */
  linesWith(common: Readonly<Record<string, unknown>>): LineWriter {
    return new LineWriter(
      {
        isLevelEnabled: (level) => this.pino.isLevelEnabled(level),
        time: this.time,
        write: (level, line) => {
          this.count(severityOf(level));
          this.destination.write(line);
        },
      },
      { ...this.identity, ...common },
    );
  }

  /** Lines of the level written so far. */
  linesWritten(level: LineLevel): number {
    return this.written.get(severityOf(level)) ?? 0;
  }

  /** Lines given up because nobody took them. */
  get linesDropped(): number {
    return this.destination.dropped ?? 0;
  }

  /** Settles when all lines written so far have left the process; false when nobody took them within `timeoutMs`. */
  async flush(timeoutMs = DEFAULT_FLUSH_TIMEOUT_MS): Promise<boolean> {
    return settledWithin(this.destination.flush?.() ?? Promise.resolve(), timeoutMs);
  }

  private count(severity: number): void {
    this.written.set(severity, (this.written.get(severity) ?? 0) + 1);
  }
}

const DEFAULT_FLUSH_TIMEOUT_MS = 2000;

const NO_FIELDS = Object.freeze({});

/** The time of a line as pino wants it: `,"time":"2026-01-31T12:00:00.000Z"`. */
function isoTime(clock: Pick<Clock, 'now'>): () => string {
  const format = isoFormatter();
  return () => `,"time":"${format(clock.now())}"`;
}

/** pino's number for a level. */
function severityOf(level: LineLevel): number {
  return pino.levels.values[level] ?? 0;
}

function identityFields(identity: Partial<IdentityFields>): Record<string, unknown> {
  const { domain, namespace, cluster, service, instance, version } = identity;
  return { ...(domain && { domain }), namespace, cluster, service, instance, ...(version && { version }) };
}

function errorOrValue(value: unknown): unknown {
  return value instanceof Error ? serializeError(value) : value;
}
