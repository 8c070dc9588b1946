import { z } from 'zod';
import { setting } from './setting.js';

/** The levels of `Logger.Level`, the most talkative first. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The section `Logger`. */
export const loggerSettings = z.strictObject({
  Level: setting(z.enum(LOG_LEVELS, { error: `expected one of ${LOG_LEVELS.join(', ')}` }).default('info'), {
    description: 'The lowest level that is written',
    reload: 'restart',
  }),
  Development: setting(z.boolean().default(false), {
    description: 'Lines for people instead of JSON, and the cause of an INTERNAL error in its details',
    reload: 'restart',
  }),
  Prometheus: setting(z.boolean().default(true), {
    description: 'Count the lines by level for /metrics',
    reload: 'restart',
  }),
});

/** The section `Logger` as validated. */
export type LoggerSettings = z.output<typeof loggerSettings>;
