import { z } from 'zod';
import { callsInFlight, recentSeries } from '../calls/calls-view.js';
import { channelsAnswer, errorsAnswer, isMethod, type CallsRoutesParts } from '../calls/calls-routes.js';
import { methodStatistics } from './method-statistics.js';
import { readingTool, type McpTool } from './tool.js';

const method = z
  .string()
  .max(300)
  .optional()
  .describe('Only this method: /package.Service/Method, or the name of the method alone');
const side = z
  .enum(['server', 'client'])
  .optional()
  .describe('server: calls that this service takes; client: calls that it makes to upstreams. Default: both');

/** Tools for calls and channels. */
export function callTools(parts: CallsRoutesParts): McpTool[] {
  return [
    readingTool({
      name: 'list_calls_in_flight',
      title: 'Calls in flight',
      description:
        'The gRPC calls that are running now, the oldest first: method, age, peer, deadline, request id, messages so far. For what hangs or piles up.',
      input: z.strictObject({
        method,
        side,
        minAgeMs: z
          .int()
          .min(0)
          .optional()
          .describe('Only calls that have run for at least this many milliseconds'),
        limit: z.int().min(1).max(200).default(50),
      }),
      cuts: { list: 'calls', narrow: 'by method, side, minAgeMs or limit' },
      run({ method: meant, side: wanted, minAgeMs = 0, limit }) {
        const { server, client, calls } = callsInFlight(parts);
        const matching = calls.filter(
          (call) =>
            (meant === undefined || isMethod(call.method, meant)) &&
            (wanted === undefined || call.side === wanted) &&
            call.ageMs >= minAgeMs,
        );
        return {
          at: parts.clock.now(),
          server,
          client,
          matching: matching.length,
          calls: matching.slice(0, limit),
        };
      },
    }),
    readingTool({
      name: 'get_method_statistics',
      title: 'Statistics of methods',
      description:
        'How each gRPC method did in the last five minutes, the busiest first: calls, failures, median and worst p99 duration. For what is slow or fails, on the server side and towards upstreams.',
      input: z.strictObject({ method, side }),
      cuts: { list: 'methods', narrow: 'by method or side' },
      run({ method: meant, side: wanted }) {
        const { until, ...recent } = recentSeries(parts);
        const methods = recent.methods.filter(
          (each) =>
            (meant === undefined || isMethod(each.method, meant)) &&
            (wanted === undefined || each.side === wanted),
        );
        return { at: parts.clock.now(), until, methods: methodStatistics({ ...recent, until, methods }) };
      },
    }),
    readingTool({
      name: 'search_errors',
      title: 'Failed calls',
      description:
        "The last gRPC calls that failed, the latest first, with status code, request id and what was thrown. `severity` fault is the service's or an upstream's doing, answer the caller's. Take a requestId on to search_log.",
      input: z.strictObject({
        method,
        side,
        code: z
          .string()
          .max(40)
          .optional()
          .describe('A gRPC status code by name or number, as UNAVAILABLE or 14'),
        requestId: z.string().max(200).optional(),
        severity: z.enum(['fault', 'answer']).optional(),
        limit: z.int().min(1).max(200).default(20),
      }),
      cuts: { list: 'errors', narrow: 'by method, code, requestId, severity or limit' },
      run({ limit, side: wanted, severity, ...filter }) {
        const { at, errors } = errorsAnswer(parts, filter);
        const matching = errors.filter(
          (error) =>
            (wanted === undefined || error.side === wanted) &&
            (severity === undefined || error.severity === severity),
        );
        return { at, matching: matching.length, errors: matching.slice(0, limit) };
      },
    }),
    readingTool({
      name: 'list_channels',
      title: 'Channels to upstreams',
      description:
        'The connections to the services that this one calls: target, state, addresses in use, calls in flight, the last failure to connect.',
      input: z.strictObject({}),
      cuts: { list: 'channels', narrow: 'there is no way to' },
      run: () => channelsAnswer(parts),
    }),
  ];
}
