import { z } from 'zod';
import { key } from '../declare.js';
import { section } from '../section.js';

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
});
