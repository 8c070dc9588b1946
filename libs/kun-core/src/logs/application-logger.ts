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

/** Options of an {@link ApplicationLogger}. */
export interface ApplicationLoggerOptions {
  /** Included in every line, as far as known. */
  readonly identity: Partial<IdentityFields>;
  /** The lowest level that is logged (`Logger.Level`). Default: info */
  readonly level?: LogLevel;
  /** Human-readable lines (`Logger.Development`); requires the package pino-pretty. Default: false */
  readonly development?: boolean;
  /** Whether lines carry the call's tags (`GRPCServer.CtxTags`). Default: true */
  readonly tags?: boolean;
  /** Where lines are written. Default: standard output */
  readonly destination?: LogDestination;
  /** Also receives each line, before it is formatted for humans. Default: none, at no cost */
  readonly copy?: ((line: string) => void) | undefined;
  /** Default: the system clock */
  readonly clock?: Clock;
}

/** The log levels, most verbose first. */
export const LINE_LEVELS = [
  'trace',
  'debug',
  'info',
  'warn',
  'error',
  'fatal',
] as const satisfies LineLevel[];

/**
 * Creates the logger of an application.
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

/** The logger of an application; not shared with other applications in the process. */
export class ApplicationLogger {
  /** Adds the fields of the current call to its lines. */
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
        // pino calls this once per line, so lines are counted here.
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

  /** Takes effect immediately, also for all loggers derived from this one. */
  set level(level: LogLevel) {
    this.pino.level = level;
  }

  /** Returns a writer of lines that all have the identity and these fields. */
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

  /** The number of lines written at this level so far. */
  linesWritten(level: LineLevel): number {
    return this.written.get(severityOf(level)) ?? 0;
  }

  /** The number of lines dropped because nothing read them. */
  get linesDropped(): number {
    return this.destination.dropped ?? 0;
  }

  /**
   * Resolves when all lines written so far have left the process; to false when nothing read them within `timeoutMs`.
   */
  async flush(timeoutMs = DEFAULT_FLUSH_TIMEOUT_MS): Promise<boolean> {
    return settledWithin(this.destination.flush?.() ?? Promise.resolve(), timeoutMs);
  }

  private count(severity: number): void {
    this.written.set(severity, (this.written.get(severity) ?? 0) + 1);
  }
}

const DEFAULT_FLUSH_TIMEOUT_MS = 2000;

const NO_FIELDS = Object.freeze({});

/** The time in the form that pino expects: `,"time":"2026-01-31T12:00:00.000Z"`. */
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
