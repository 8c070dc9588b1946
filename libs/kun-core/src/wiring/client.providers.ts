import type { Provider } from '@nestjs/common';
import { UpstreamFactory } from '../client/upstreams/upstream-factory.js';
import { Upstreams } from '../client/upstreams/upstreams.js';
import { CallMetrics } from '../metrics/call-metrics.js';
import { ClientCallCounts, RetryCounts } from '../metrics/client-calls.js';
import { resolveInterceptors } from '../rpc/injectable-interceptor.js';
import { protoDirectories } from './options.js';
import { provide } from './provide.js';
import { clockOf } from './tokens.js';

/** Providers of the clients of upstreams. */
export const clientProviders: Provider[] = [
  Upstreams,
  provide(
    UpstreamFactory,
    [
      'options',
      'live',
      'lifecycle',
      'readiness',
      'upstreams',
      'logger',
      'meter',
      'recent',
      'tracing',
      'metricExport',
      'moduleRef',
      'runtime',
    ],
    ({
      options,
      live,
      lifecycle,
      readiness,
      upstreams,
      logger,
      meter,
      recent,
      tracing,
      metricExport,
      moduleRef,
      runtime,
    }) => {
      const { metrics } = live.settings;
      return new UpstreamFactory({
        bases: protoDirectories(options, runtime),
        live,
        upstreams,
        readiness,
        clock: clockOf(runtime),
        draining: lifecycle.stopping,
        logger,
        metrics: new CallMetrics(meter.registry, {
          side: 'client',
          ...metrics,
          durations: metricExport?.client,
        }),
        calls: new ClientCallCounts(meter.registry, metrics.codeNames),
        retries: new RetryCounts(meter.registry),
        tracing,
        recent: (upstream) => live.settings.admin && recent.client(upstream),
        interceptorsOf: ({ name, interceptors = [] }) =>
          resolveInterceptors(`upstream ${name}, interceptors`, interceptors, (token) =>
            moduleRef.get(token, { strict: false }),
          ),
      });
    },
  ),
];
