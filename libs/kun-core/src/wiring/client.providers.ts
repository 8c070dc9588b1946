import { UpstreamFactory } from '../client/upstreams/upstream-factory.js';
import { Upstreams } from '../client/upstreams/upstreams.js';
import { protoDirectories } from './base-directories.js';
import type { KunModuleOptions, KunRuntime } from './options.js';
import { KUN_METRIC_EXPORT, KUN_OPTIONS, KUN_TRACING, clockOf, RUNTIME } from './tokens.js';
import { Lifecycle } from '../lifecycle/lifecycle.js';
import { Readiness } from '../lifecycle/readiness.js';
import { resolveInterceptors } from '../rpc/injectable-interceptor.js';
import { LiveSettings } from '../settings/live-settings.js';
import { ApplicationLogger } from '../logs/application-logger.js';
import { CallMetrics } from '../metrics/call-metrics.js';
import { ClientCallCounts, RetryCounts } from '../metrics/client-calls.js';
import { Meter } from '../metrics/meter.js';
import type { MetricExport } from '../metrics/metric-export.js';
import type { Tracing } from '../traces/tracing.js';
import type { Provider } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';

/** What clients of upstreams are made of. */
export const clientProviders: Provider[] = [
  Upstreams,
  {
    provide: UpstreamFactory,
    inject: [
      KUN_OPTIONS,
      LiveSettings,
      Lifecycle,
      Readiness,
      Upstreams,
      ApplicationLogger,
      Meter,
      KUN_TRACING,
      KUN_METRIC_EXPORT,
      ModuleRef,
      RUNTIME,
    ],
    useFactory: (
      options: KunModuleOptions,
      live: LiveSettings,
      lifecycle: Lifecycle,
      readiness: Readiness,
      upstreams: Upstreams,
      logger: ApplicationLogger,
      meter: Meter,
      tracing: Tracing | undefined,
      metricExport: MetricExport | undefined,
      moduleRef: ModuleRef,
      runtime: KunRuntime = {},
    ) => {
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
        interceptorsOf: ({ name, interceptors = [] }) =>
          resolveInterceptors(`upstream ${name}, interceptors`, interceptors, (token) =>
            moduleRef.get(token, { strict: false }),
          ),
      });
    },
  },
];
