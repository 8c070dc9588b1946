import { z } from 'zod';
import { readRedactionPath } from '../grammar/redaction-path.js';
import { setting, size } from './setting.js';

/** The levels of `Logger.Level`, the most talkative first. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The section `Logger`. */
export const loggerSettings = z.strictObject({
  Level: setting(z.enum(LOG_LEVELS, { error: `expected one of ${LOG_LEVELS.join(', ')}` }).default('info'), {
    description: 'The lowest level that is written',
    reload: 'live',
  }),
  Development: setting(z.boolean().default(false), {
    description: 'Lines for people instead of JSON, and the cause of an INTERNAL error in its details',
    reload: 'restart',
  }),
  Prometheus: setting(z.boolean().default(true), {
    description: 'Count the lines by level for /metrics',
    reload: 'restart',
  }),
  Redact: setting(
    z
      .array(
        z.string().check(({ value, issues }) => {
          const reading = readRedactionPath(value);
          if ('problem' in reading) issues.push({ code: 'custom', input: value, message: reading.problem });
        }),
      )
      .default([]),
    {
      description:
        'Fields of messages that LoggingAllRpc masks, besides those marked debug_redact in the proto',
      reload: 'live',
    },
  ),
  Sampling: z
    .strictObject({
      InitialPerSecond: setting(size('lines').default(100), {
        description:
          'So many uneventful lines of each method are written in a second. Without the section Sampling all are; `Sampling: {}` turns it on with the defaults',
        unit: 'lines',
        reload: 'live',
      }),
      Thereafter: setting(z.int().min(0).default(100), {
        description: 'After them every so-manieth of the same second; 0: none',
        reload: 'live',
      }),
    })
    .optional(),
});

/** The section `Logger` as validated. */
export type LoggerSettings = z.output<typeof loggerSettings>;
