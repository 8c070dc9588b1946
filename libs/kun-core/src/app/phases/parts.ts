import { Configuration } from '@kun/config';
import { ModulesContainer } from '@nestjs/core';
import type { NestMicroservice } from '@nestjs/microservices';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Upstreams } from '../../client/upstreams/upstreams.js';
import { Lifecycle } from '../../lifecycle/lifecycle.js';
import { Liveness } from '../../lifecycle/liveness.js';
import type { Phase } from '../../lifecycle/phase.js';
import { Readiness } from '../../lifecycle/readiness.js';
import { Startup } from '../../lifecycle/startup.js';
import type { StopStep } from '../../lifecycle/stop-plan.js';
import { ApplicationLogger } from '../../logs/application-logger.js';
import { LogRouter } from '../../logs/log-router.js';
import type { MetricExport } from '../../metrics/metric-export.js';
import { Meter } from '../../metrics/meter.js';
import { NestTransport } from '../../server/answer/nest/nest-transport.js';
import { KunGrpcServer } from '../../server/port/grpc-server.js';
import type { ResolvedSettings } from '../../settings/resolve-settings.js';
import type { Settings } from '../../settings/settings.js';
import type { Tracing } from '../../traces/tracing.js';
import type { KunRuntime } from '../../wiring/options.js';
import { clockOf, KUN_METRIC_EXPORT, KUN_RUNTIME, KUN_SETTINGS, KUN_TRACING } from '../../wiring/tokens.js';
import { HTTP_PORT, LISTEN_CALL } from '../../transport/port-error.js';

/** The ports an application has opened. */
export interface OpenPorts {
  readonly grpc?: number;
  readonly http?: number;
  readonly admin?: number;
}

/** What `main.ts` requested in addition to the configuration. */
export interface WantedParts {
  /** `app.listen(port, host)`. */
  readonly http?: { readonly port: number; readonly host?: string | undefined } | undefined;
  /** `app.connectMicroservice(...)`. */
  readonly microservices?: readonly NestMicroservice[];
}

/** What the phases of an application work with. */
export type ApplicationParts = ReturnType<typeof applicationParts>;

/** A declared phase: its step in the shutdown plan and what it does in an application. */
export interface DeclaredPhase extends StopStep {
  /** `undefined` when the application has no such phase. */
  readonly in: (parts: ApplicationParts) => Omit<Phase, 'name'> | undefined;
}

/** Collects the parts of an application. */
export function applicationParts(
  nest: NestExpressApplication,
  ports: { -readonly [P in keyof OpenPorts]: OpenPorts[P] },
  wanted: WantedParts,
) {
  const settings = nest.get<ResolvedSettings>(KUN_SETTINGS);
  const runtime = nest.get<KunRuntime>(KUN_RUNTIME);
  const opensPorts = runtime.ports !== 'none';
  return {
    nest,
    /** Filled as ports are opened. */
    ports,
    /** False when no port is opened and calls are made in process. */
    opensPorts,
    clock: clockOf(runtime),
    transport: new NestTransport(),
    modules: nest.get(ModulesContainer),
    settings,
    /** Printed once the service is ready. */
    warnings: [] as string[],
    http: opensPorts ? httpOf(wanted, settings) : undefined,
    microservices: wanted.microservices ?? [],
    configuration: nest.get<Configuration<Settings>>(Configuration),
    lifecycle: nest.get(Lifecycle),
    readiness: nest.get(Readiness),
    liveness: nest.get(Liveness),
    startup: nest.get(Startup),
    server: nest.get(KunGrpcServer),
    upstreams: nest.get(Upstreams),
    tracing: nest.get<Tracing | undefined>(KUN_TRACING),
    metricExport: nest.get<MetricExport | undefined>(KUN_METRIC_EXPORT),
    meter: nest.get(Meter),
    log: nest.get(LogRouter),
    logger: nest.get(ApplicationLogger),
  };
}

/** What opens the HTTP port, if anything. */
function httpOf({ http }: WantedParts, { http: configured }: ResolvedSettings) {
  const host = http?.host ?? configured?.address;
  if (http) return { port: http.port, host, source: LISTEN_CALL };
  return configured && { port: configured.port, host, source: HTTP_PORT };
}
