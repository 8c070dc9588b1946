import type { Clock } from '../../clock.js';
import type { ApplicationLogger } from '../../logs/application-logger.js';
import { LOG_LEVELS, type LogLevel } from '../../settings/keys/logger.js';
import type { Live } from '../../settings/live.js';
import { badRequest } from '../access/http-error.js';
import type { LogLevelAnswer } from '../answers/process.js';

/** The collaborators of a {@link LogLevelOverride}. */
export interface LogLevelParts {
  readonly logger: Pick<ApplicationLogger, 'level' | 'pino'>;
  /** `Logger.Level`. */
  readonly configured: Live<LogLevel>;
  readonly clock: Clock;
}

/** A day; for longer, change the file. */
const MAX_SECONDS = 86_400;
const DEFAULT_SECONDS = 600;

/**
 * A temporary log level. It overrides the configured level until the time is up, even if that changes meanwhile; then the
 * level configured by then is in force.
 */
export class LogLevelOverride {
  private override: { readonly level: LogLevel; readonly revertsAt: number; cancel(): void } | undefined;
  private readonly unsubscribe: () => void;

  constructor(private readonly parts: LogLevelParts) {
    // After the logger's own subscription, which has set it.
    this.unsubscribe = parts.configured.subscribe(() => this.apply());
  }

  get answer(): LogLevelAnswer {
    const { logger, configured } = this.parts;
    return {
      level: logger.level,
      configured: configured.current,
      ...(this.override && { revertsAt: this.override.revertsAt }),
    };
  }

  /** @throws {HttpError} when the body has no level or no time that can be used. */
  set(body: unknown): LogLevelAnswer {
    const { level, forSeconds } = readBody(body);
    const { clock, logger } = this.parts;
    this.override?.cancel();
    const cancel = clock.schedule(forSeconds * 1000, () => this.revert('the time is up'));
    this.override = { level, revertsAt: clock.now() + forSeconds * 1000, cancel };
    // Logged before the level may be silent.
    logger.pino.warn({ level_set: level, for_seconds: forSeconds }, 'the log level was set for a time');
    this.apply();
    return this.answer;
  }

  /** Returns to the configured level. */
  revert(why: string): LogLevelAnswer {
    if (!this.override) return this.answer;
    this.override.cancel();
    this.override = undefined;
    this.apply();
    const { logger, configured } = this.parts;
    logger.pino.warn({ level_set: configured.current, why }, "the log level is the configuration's again");
    return this.answer;
  }

  /** Stops: nothing happens after this. */
  stop(): void {
    this.unsubscribe();
    this.override?.cancel();
    this.override = undefined;
  }

  private apply(): void {
    this.parts.logger.level = this.override?.level ?? this.parts.configured.current;
  }
}

function readBody(body: unknown): { level: LogLevel; forSeconds: number } {
  const given = Object(body) as { level?: unknown; forSeconds?: unknown };
  const { level, forSeconds = DEFAULT_SECONDS } = given;
  const unknown = Object.keys(given).find((name) => name !== 'level' && name !== 'forSeconds');
  if (unknown !== undefined)
    throw badRequest(`the body has level and forSeconds, and no ${unknown.slice(0, 40)}`);
  const known = LOG_LEVELS.find((name) => name === level);
  if (!known) throw badRequest(`level is one of ${LOG_LEVELS.join(', ')}`);
  if (typeof forSeconds !== 'number' || !(forSeconds >= 1 && forSeconds <= MAX_SECONDS)) {
    throw badRequest(`forSeconds is a number from 1 to ${MAX_SECONDS}, after which the level goes back`);
  }
  return { level: known, forSeconds };
}
