import { z } from 'zod';
import { readRedactionPath } from '../../grammar/redaction-path.js';
import { key } from '../declare.js';
import { optionalSection, section } from '../section.js';
import { size, text } from '../values.js';

/** The levels of `Logger.Level`, most verbose first. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The section `Logger`. */
export const logger = section('logger', {
  Level: key(
    'level',
    z.enum(LOG_LEVELS, { error: `expected one of ${LOG_LEVELS.join(', ')}` }).default('info'),
    {
      description: 'The lowest level that is logged',
      reload: 'live',
    },
  ),
  Development: key('development', z.boolean().default(false), {
    description: 'Human-readable lines instead of JSON, and the cause of an INTERNAL error in its details',
    reload: 'restart',
  }),
  Prometheus: key('metricsEnabled', z.boolean().default(true), {
    description: 'Count log lines by level for /metrics',
    reload: 'restart',
  }),
  Redact: key('redact', z.array(text(redactionPathProblem)).default([]), {
    description:
      'Fields of messages that LoggingAllRpc masks, besides those marked debug_redact in the proto',
    reload: 'live',
  }),
  Sampling: optionalSection('sampling', 'live', {
    InitialPerSecond: key('initialPerSecond', size('lines').default(100), {
      description:
        'How many info and debug lines of each method are logged per second. Without the section Sampling all are; `Sampling: {}` turns it on with the defaults',
      unit: 'lines',
      reload: 'live',
    }),
    Thereafter: key('thereafter', z.int().min(0).default(100), {
      description: 'Beyond those, every n-th line of the same second is logged; 0: none',
      reload: 'live',
    }),
  }),
});

function redactionPathProblem(value: string): string | undefined {
  const reading = readRedactionPath(value);
  return 'problem' in reading ? reading.problem : undefined;
}
