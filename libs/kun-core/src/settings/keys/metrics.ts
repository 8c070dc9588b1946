import { z } from 'zod';
import { key } from '../declare.js';
import { optionalSection, section } from '../section.js';
import { seconds, toMs } from '../values.js';

/** The section `Metrics`: how calls are shown at /metrics. */
export const metrics = section('metrics', {
  Buckets: key(
    'buckets',
    z
      .array(z.number().positive())
      .min(1)
      .refine((bounds) => bounds.every((bound, i) => i === 0 || bound > (bounds[i - 1] ?? 0)), {
        error: 'expected bounds that ascend',
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
      'How grpc_code is spelt: go is NotFound, as the Go libraries and their dashboards have it; grpc is NOT_FOUND',
    reload: 'restart',
  }),
  Otlp: optionalSection('otlp', 'restart', {
    Endpoint: key(
      'endpoint',
      z.url({ protocol: /^https?$/, error: 'expected a URL such as http://collector:4317' }),
      {
        description:
          'The collector that takes the durations of calls as OTLP; /v1/metrics is added for Protocol http where there is no path',
        reload: 'restart',
      },
    ),
    Protocol: key('protocol', z.enum(['grpc', 'http']).default('grpc'), {
      description: 'How to send: OTLP over gRPC, or over HTTP',
      reload: 'restart',
    }),
    Interval: key('intervalMs', seconds('positive').optional(), {
      description: 'Time between two exports. Default: what OTEL_METRIC_EXPORT_INTERVAL says, else 60',
      unit: 'seconds',
      reload: 'restart',
      read: (said) => (said === undefined ? undefined : toMs(said)),
    }),
  }),
});
