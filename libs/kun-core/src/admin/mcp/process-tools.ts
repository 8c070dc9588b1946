import { z } from 'zod';
import { LINE_LEVELS } from '../../logs/application-logger.js';
import { traceNextAnswer, type TraceNextParts } from '../debug/debug-routes.js';
import { logAnswer, type LogParts } from '../logs/log-routes.js';
import { configurationView, type ReadConfiguration } from '../process/configuration-view.js';
import type { EventLoopWatch } from '../process/event-loop-watch.js';
import { statusView, type StatusParts } from '../process/status-view.js';
import { readingTool, type McpTool } from './tool.js';

/** The sources of the process's state. */
export interface ProcessToolsParts {
  readonly status: StatusParts;
  readonly loop: EventLoopWatch;
  readonly configuration: ReadConfiguration;
  readonly traces: TraceNextParts;
  /** `undefined` when no lines are kept. */
  readonly log: LogParts | undefined;
}

/** State, configuration, log and traces of the process. */
export function processTools({ status, loop, configuration, traces, log }: ProcessToolsParts): McpTool[] {
  return [
    readingTool({
      name: 'get_status',
      title: 'State of the process',
      description:
        'Who this process is and how it is: ready or not and why, phase of its life, checks, event-loop delay, CPU, memory, garbage collection, ports, log level, what is on. Start here.',
      input: z.strictObject({}),
      run: () => statusView(status, loop),
    }),
    readingTool({
      name: 'get_configuration',
      title: 'Configuration in force',
      description:
        'The configuration in force: each value, the file and line or environment variable it comes from, what it hides, and whether a change wants a restart. With `key` also what the keys mean. Secrets are blanked.',
      input: z.strictObject({
        key: z
          .string()
          .max(200)
          .optional()
          .describe('Only what is at and below this key, as GRPCServer or GRPCServer.Port'),
        setOnly: z
          .boolean()
          .default(false)
          .describe('Only values that a file or the environment sets, not defaults'),
      }),
      cuts: { list: 'values', narrow: 'by key, or with setOnly' },
      run({ key, setOnly }) {
        const { values, ...rest } = configurationView(configuration, key);
        const wanted = setOnly ? values.filter(({ from }) => from !== 'default') : values;
        return {
          ...rest,
          values: key === undefined ? wanted.map(({ description: _description, ...value }) => value) : wanted,
        };
      },
    }),
    ...(log ? [logTool(log)] : []),
    readingTool({
      name: 'list_recorded_traces',
      title: 'Recorded traces',
      description:
        'The calls that were recorded as traces because somebody asked for it (trace_next_calls), with their trace ids, and what is still to be recorded.',
      input: z.strictObject({}),
      cuts: { list: 'recorded', narrow: 'there is no way to' },
      run: () => traceNextAnswer(traces),
    }),
  ];
}

function logTool(log: LogParts): McpTool {
  return readingTool({
    name: 'search_log',
    title: 'Search the log',
    description:
      'The last log lines of this process, the latest first, by request id, text, level and time. Only lines that are kept in memory are searched, `kept` says how many. For older ones pass `before`.',
    input: z.strictObject({
      requestId: z.string().max(200).optional().describe('Lines of this call'),
      text: z
        .string()
        .max(500)
        .optional()
        .describe("Stands anywhere in the line's JSON; letter case does not count"),
      level: z.enum(LINE_LEVELS).optional().describe('This level and those above it'),
      sinceSeconds: z
        .int()
        .min(1)
        .max(10_000_000)
        .optional()
        .describe('Only lines of the last this many seconds'),
      before: z.int().min(0).optional().describe("A line's seq: only older ones"),
      limit: z.int().min(1).max(200).default(50),
    }),
    cuts: {
      list: 'lines',
      narrow: 'by limit, level or text; the seq of the last line is the `before` of the next search',
    },
    run: (query) => logAnswer(log, query),
  });
}
