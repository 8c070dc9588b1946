import { z } from 'zod';
import { LOG_LEVELS } from '../../settings/keys/logger.js';
import { cpuProfile } from '../debug/cpu-profile.js';
import { askForTraces, MAX_CALLS, type TraceNextParts } from '../debug/debug-routes.js';
import type { OneAtATime } from '../debug/one-at-a-time.js';
import type { LogLevelOverride } from '../process/log-level.js';
import { profileSummary } from './profile-summary.js';
import { tokenTool, type McpTool } from './tool.js';

/** The collaborators of the operating tools. */
export interface OperatingToolsParts {
  readonly logLevel: LogLevelOverride;
  readonly traces: TraceNextParts;
  readonly alone: OneAtATime;
}

/** Tools that change or cost something. */
export function operatingTools({ logLevel, traces, alone }: OperatingToolsParts): McpTool[] {
  return [
    tokenTool({
      name: 'set_log_level',
      title: 'Set the log level for a time',
      description:
        'Sets the log level of this process for a time, after which it goes back by itself; as debug, to see more in search_log.',
      idempotent: true,
      input: z.strictObject({
        level: z.enum(LOG_LEVELS),
        forSeconds: z.int().min(1).max(86_400).default(600),
      }),
      run: (input) => logLevel.set(input),
    }),
    tokenTool({
      name: 'reset_log_level',
      title: 'Reset the log level',
      description: "Puts the configuration's log level back in force now.",
      idempotent: true,
      input: z.strictObject({}),
      run: () => logLevel.revert('it was taken back'),
    }),
    tokenTool({
      name: 'trace_next_calls',
      title: 'Trace the next calls',
      description:
        'Records the next calls of a method as traces, whatever the sampling ratio, for ten minutes at most; list_recorded_traces then has their trace ids.',
      input: z.strictObject({
        method: z.string().max(300).default('*').describe('/package.Service/Method, or * for all'),
        count: z.int().min(1).max(MAX_CALLS).default(1),
      }),
      run: ({ method, count }) => askForTraces(traces, method, count),
    }),
    tokenTool({
      name: 'profile_cpu',
      title: 'Profile the CPU',
      description:
        'Samples for some seconds what the thread of this process does, a few per cent dearer meanwhile, and gives the functions that took most, and how busy it was.',
      input: z.strictObject({ seconds: z.int().min(1).max(30).default(5) }),
      cuts: { list: 'functions', narrow: 'there is no way to' },
      run: ({ seconds }, { signal }) =>
        alone('a CPU profile', async () => profileSummary(await cpuProfile(seconds, signal))),
    }),
  ];
}
