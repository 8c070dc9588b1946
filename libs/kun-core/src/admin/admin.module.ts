import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, HttpAdapterHost } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import { Liveness } from '../lifecycle/liveness.js';
import { Readiness } from '../lifecycle/readiness.js';
import { Startup } from '../lifecycle/startup.js';
import type { ProbeLogger } from '../lifecycle/checks.js';
import { AdminExceptionFilter } from './admin-exception.filter.js';
import { MetricsRenderer, type MetricsSource } from './metrics-rendering.js';
import { METRICS_PARTS, MetricsController, type MetricsParts } from './metrics.controller.js';
import { ProbesController } from './probes.controller.js';

/** What the admin application exposes; created before it, so that it can outlive the application it reports on. */
export interface AdminParts {
  readonly readiness: Readiness;
  readonly liveness: Liveness;
  readonly startup: Startup;
  readonly metrics: MetricsSource;
  readonly logger: ProbeLogger;
}

/** The root of the admin application. */
@Module({})
export class AdminModule {
  static for(parts: AdminParts): DynamicModule {
    return {
      module: AdminModule,
      imports: [
        // Failures are logged where they begin (checks.ts), not at every probe.
        TerminusModule.forRoot({ logger: false }),
        prometheus(parts),
      ],
      controllers: [ProbesController],
      providers: [
        { provide: Readiness, useValue: parts.readiness },
        { provide: Liveness, useValue: parts.liveness },
        { provide: Startup, useValue: parts.startup },
        {
          provide: APP_FILTER,
          inject: [HttpAdapterHost],
          useFactory: (host: HttpAdapterHost) => new AdminExceptionFilter(host, parts.logger),
        },
      ],
    };
  }
}

function prometheus({ metrics, logger }: AdminParts): DynamicModule {
  const parts: MetricsParts = { renderer: new MetricsRenderer(metrics), logger };
  const module = PrometheusModule.register({
    controller: MetricsController,
    path: '/metrics',
    // Its default would use the global register.
    defaultMetrics: { enabled: false },
  });
  return { ...module, providers: [...(module.providers ?? []), { provide: METRICS_PARTS, useValue: parts }] };
}
