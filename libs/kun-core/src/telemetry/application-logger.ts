import pino, { type Logger } from 'pino';
import { systemClock, type Clock } from '../clock.js';
import type { IdentityFields } from '../identity/identity.js';
import { currentCall } from '../rpc/current-call.js';
import type { LogLevel } from '../settings/logger.settings.js';
import { callFields } from './call-fields.js';
import { isoTime } from './iso-time.js';
import { StreamDestination, type LogDestination } from './log-destination.js';
import { prettyDestination } from './pretty-destination.js';
import { serializeError } from './serialize-error.js';

export interface ApplicationLoggerOptions {
  /** Stands in every line. */
  identity: IdentityFields;
  /** The lowest level that is written (`Logger.Level`). Default: info */
  level?: LogLevel;
  /** Lines for people (`Logger.Development`); needs the package pino-pretty. Default: false */
  development?: boolean;
  /** Whether lines carry the call's tags (`GRPCServer.CtxTags`). Default: true */
  tags?: boolean;
  /** Where lines go. Default: standard output */
  destination?: LogDestination;
  /** Default: the system's */
  clock?: Clock;
}

/** Levels of lines; `silent` is none. */
export type LineLevel = Exclude<LogLevel, 'silent'>;

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
 * @throws MissingPackageError when `development` is on and pino-pretty is not installed.
 */
export async function openLogger(options: ApplicationLoggerOptions): Promise<ApplicationLogger> {
  const destination = options.destination ?? new StreamDestination();
  if (!options.development) return new ApplicationLogger(options, destination);
  const colorize = options.destination === undefined && process.stdout.isTTY;
  return new ApplicationLogger(options, await prettyDestination(destination, colorize));
}

/** The one logger of an application: two applications in one process share nothing of it. */
export class ApplicationLogger {
  /** Its lines carry the fields of the call they are written under. */
  readonly pino: Logger;
  /** For lines that bring the fields of their call themselves. */
  readonly bare: Logger;
  private readonly counts = new Map(LINE_LEVELS.map((level) => [pino.levels.values[level] ?? 0, 0]));

  constructor(
    options: ApplicationLoggerOptions,
    private readonly destination: LogDestination,
  ) {
    const tagsEnabled = options.tags ?? true;
    this.pino = this.create(options, () => {
      const call = currentCall();
      return call && callFields(call, tagsEnabled);
    });
    this.bare = this.create(options, () => undefined);
  }

  get level(): LogLevel {
    return this.pino.level as LogLevel;
  }

  /** Takes effect at once, for all loggers derived from this one too. */
  set level(level: LogLevel) {
    this.pino.level = level;
    this.bare.level = level;
  }

  /** Lines of the level written so far. */
  linesWritten(level: LineLevel): number {
    return this.counts.get(pino.levels.values[level] ?? 0) ?? 0;
  }

  /** Lines given up because nobody took them. */
  get linesDropped(): number {
    return this.destination.dropped ?? 0;
  }

  /** Settles when all lines written so far have left the process. */
  async flush(): Promise<void> {
    await this.destination.flush?.();
  }

  private create(options: ApplicationLoggerOptions, fields: () => object | undefined): Logger {
    return pino(
      {
        level: options.level ?? 'info',
        base: identityFields(options.identity),
        timestamp: isoTime(options.clock ?? systemClock),
        formatters: { level: (label) => ({ level: label }) },
        serializers: { err: serializeError, error: errorOrValue },
        // Called once for each line that is written, so it is where they are counted.
        mixin: (_merged, level) => {
          this.counts.set(level, (this.counts.get(level) ?? 0) + 1);
          return fields() ?? NO_FIELDS;
        },
        mixinMergeStrategy: (merged, mixed) => (mixed === NO_FIELDS ? merged : Object.assign(mixed, merged)),
      },
      { write: (line) => this.destination.write(line) },
    );
  }
}

const NO_FIELDS = Object.freeze({});

function identityFields(identity: IdentityFields): object {
  const { domain, namespace, cluster, service, instance, version } = identity;
  return { ...(domain && { domain }), namespace, cluster, service, instance, ...(version && { version }) };
}

function errorOrValue(value: unknown): unknown {
  return value instanceof Error ? serializeError(value) : value;
}
