import { z } from 'zod';
import { key } from '../declare.js';
import { optionalSection, section } from '../section.js';
import { seconds, toMs } from '../values.js';

/** The section `Metrics`: how calls are measured. */
export const metrics = section('metrics', {
  Buckets: key(
    'buckets',
    z
      .array(z.number().positive())
      .min(1)
      .refine((bounds) => bounds.every((bound, i) => i === 0 || bound > (bounds[i - 1] ?? 0)), {
        error: 'expected ascending bounds',
      })
      .optional(),
    {
      description: "Upper bounds of handling_seconds. Default: those of Prometheus' Go client, 0.005 to 10",
      unit: 'seconds',
      reload: 'restart',
    },
  ),
  CodeNames: key('codeNames', z.enum(['go', 'grpc']).default('go'), {
    description:
      'Spelling of grpc_code: go is NotFound, as in Go libraries and their dashboards; grpc is NOT_FOUND',
    reload: 'restart',
  }),
  Otlp: optionalSection('otlp', 'restart', {
    Endpoint: key(
      'endpoint',
      z.url({ protocol: /^https?$/, error: 'expected a URL such as http://collector:4317' }),
      {
        description:
          'OTLP collector for call durations; for Protocol http, /v1/metrics is added if the URL has no path',
        reload: 'restart',
      },
    ),
    Protocol: key('protocol', z.enum(['grpc', 'http']).default('grpc'), {
      description: 'OTLP transport: gRPC or HTTP',
      reload: 'restart',
    }),
    Interval: key('intervalMs', seconds('positive').optional(), {
      description: 'Export interval. Default: OTEL_METRIC_EXPORT_INTERVAL, else 60',
      unit: 'seconds',
      reload: 'restart',
      read: (said) => (said === undefined ? undefined : toMs(said)),
    }),
  }),
});
