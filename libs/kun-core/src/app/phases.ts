import { Configuration, formatProblem } from '@kun/config';
import { ModulesContainer } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { createAdminServer } from '../admin/admin-server.js';
import { Upstreams } from '../client/upstreams/upstreams.js';
import { delay } from '../clock.js';
import type { KunRuntime } from '../wiring/options.js';
import { KUN_METRIC_EXPORT, KUN_RUNTIME, KUN_SETTINGS, KUN_TRACING, clockOf } from '../wiring/tokens.js';
import { Lifecycle } from '../lifecycle/lifecycle.js';
import type { Phase } from '../lifecycle/phase.js';
import { addedStepsWarning } from '../lifecycle/stop-plan.js';
import { Liveness } from '../lifecycle/liveness.js';
import { Readiness } from '../lifecycle/readiness.js';
import { runStopCallbacks } from '../lifecycle/stop-callbacks.js';
import { Startup } from '../lifecycle/startup.js';
import { handlerPlaces } from '../server/answer/nest/handler-coverage.js';
import { KunGrpcServer } from '../server/port/grpc-server.js';
import { carryStreams } from '../server/answer/nest/nest-pipeline.js';
import { uncheckedMessages, warnOfUncheckedMessages } from '../server/answer/nest/unchecked-messages.js';
import { NestTransport } from '../server/answer/nest/nest-transport.js';
import type { ResolvedSettings } from '../settings/resolve-settings.js';
import type { Settings } from '../settings/settings.js';
import { LogRouter } from '../logs/log-router.js';
import { ApplicationLogger } from '../logs/application-logger.js';
import { httpLogging } from '../logs/http-logging.js';
import { Meter } from '../metrics/meter.js';
import type { MetricExport } from '../metrics/metric-export.js';
import type { Tracing } from '../traces/tracing.js';
import { httpPhase, microservicesPhase, type HttpParts, type WantedParts } from './other-ports.js';

/** The ports an application has opened. */
export interface OpenPorts {
  readonly grpc?: number;
  readonly http?: number;
  readonly admin?: number;
}

/** The parts of an application in the order of their start; the stop has the order of `STOP_PLAN`. */
export function kunPhases(
  nest: NestExpressApplication,
  ports: Writable<OpenPorts>,
  wanted: WantedParts = {},
): Phase[] {
  const parts = partsOf(nest, wanted);
  const phases = [
    adminPort(parts, ports),
    nestHooks(nest, parts),
    stopCallbacks(parts),
    telemetry(parts),
    upstreams(parts),
    grpcPort(parts, ports),
    ...httpPhase(nest, parts, ports),
    ...microservicesPhase(nest, wanted),
  ];
  const has = (step: string) => step === READINESS || phases.some(({ name }) => name === step);
  return [...phases, readiness(parts, ports, addedStepsWarning(parts.settings, has))];
}

const READINESS = 'readiness';

type Writable<T> = { -readonly [P in keyof T]: T[P] };
type Parts = ReturnType<typeof partsOf>;

function partsOf(nest: NestExpressApplication, wanted: WantedParts) {
  const runtime = nest.get<KunRuntime>(KUN_RUNTIME);
  const settings = nest.get<ResolvedSettings>(KUN_SETTINGS);
  return {
    clock: clockOf(runtime),
    transport: new NestTransport(),
    modules: nest.get(ModulesContainer),
    settings,
    http: httpOf(wanted, settings),
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

/** What opens the HTTP port, if anything does. */
function httpOf({ http }: WantedParts, { http: configured }: ResolvedSettings): HttpParts['http'] {
  const host = http?.host ?? configured?.address;
  if (http) return { port: http.port, host, key: `app.listen(${http.port})` };
  return configured && { port: configured.port, host, key: 'HTTPServer.Port' };
}

/** First up, so that a slow start can be told from a dead one, and last down. */
function adminPort(parts: Parts, ports: Writable<OpenPorts>): Phase {
  const { settings, readiness, liveness, startup, meter, logger } = parts;
  const { pino } = logger;
  const admin =
    settings.admin &&
    createAdminServer({
      port: settings.admin.port,
      host: settings.admin.address,
      readiness,
      liveness,
      startup,
      metrics: meter,
      logger: { log: (message) => pino.info(message), warn: (message) => pino.warn(message) },
    });
  return {
    name: 'admin port',
    async start() {
      if (admin) ports.admin = (await admin.start()).port;
    },
    async stop() {
      await admin?.stop();
      readiness.enter('stopped');
    },
  };
}

/** The user's modules: `onModuleInit` here, `onModuleDestroy` after the last call. */
function nestHooks(nest: NestExpressApplication, parts: Parts): Phase {
  return {
    name: 'Nest',
    async start() {
      // Now, and not when the application was made: what the user added to it since then counts for both transports.
      const microservice = nest.connectMicroservice(
        { strategy: parts.transport },
        { inheritAppConfig: true },
      );
      const pipeline = carryStreams(microservice);
      warnOfUncheckedMessages(uncheckedMessages(nest.get(ModulesContainer), pipeline), parts.logger.pino);
      if (parts.http && parts.settings.grpc.loggingEnabled) {
        nest.use(httpLogging(parts.log, parts.logger));
      }
      await nest.init();
    },
    stop: () => nest.close(),
  };
}

function stopCallbacks({ lifecycle, clock, settings }: Parts): Phase {
  return {
    name: 'stop callbacks',
    stop: ({ limitMs, force }) =>
      runStopCallbacks(lifecycle.callbacksToStop, clock, {
        eachMs: settings.stopCallbackTimeoutMs,
        allMs: limitMs,
        force,
      }),
  };
}

/** The channels close when nothing of the user's can need them any more. */
function upstreams({ upstreams: open }: Parts): Phase {
  return { name: 'upstreams', start: () => open.connect(), stop: () => open.close() };
}

/** Spans of the last calls are on their way still. */
function telemetry({ tracing, metricExport, logger }: Parts): Phase {
  return {
    name: 'telemetry',
    async stop({ limitMs }) {
      const [spansSent, metricsSent] = await Promise.all([
        tracing?.shutdown(limitMs) ?? true,
        metricExport?.shutdown(limitMs) ?? true,
      ]);
      // No call was cut by it: worth a word, and no reason for another exit code.
      if (!spansSent) logger.pino.warn({ spans_lost: tracing?.lostSpans }, 'spans were left unsent');
      if (!metricsSent) logger.pino.warn('the last metrics were left unsent');
    },
  };
}

function grpcPort({ server, transport, settings, modules }: Parts, ports: Writable<OpenPorts>): Phase {
  const { port, address, streamGraceMs } = settings.grpc;
  return {
    name: 'gRPC port',
    async start() {
      ports.grpc = await server.start(
        transport.handlers,
        { port, host: address, key: 'GRPCServer.Port' },
        handlerPlaces(modules),
      );
    },
    async stop({ force, limitMs }) {
      const { drained, ended, forced } = await server.drain({ streamGraceMs, timeoutMs: limitMs, force });
      return {
        clean: forced.length === 0,
        facts: { drained, ended, forced: forced.length, forced_calls: forced },
      };
    },
  };
}

/** Ready from here on; and first to change at the stop, while new calls still succeed for a while. */
function readiness(parts: Parts, ports: OpenPorts, stopWarning: string | undefined): Phase {
  const { readiness: state, startup, configuration, clock, log, logger } = parts;
  return {
    name: READINESS,
    start() {
      for (const problem of configuration.warnings) logger.pino.warn(formatProblem(problem));
      if (stopWarning !== undefined) logger.pino.warn(stopWarning);
      state.enter('serving');
      startup.markStarted();
      log.started();
      logger.pino.info({ ports }, 'serving');
    },
    async stop({ force, limitMs }) {
      state.enter('draining');
      // Kubernetes takes a pod out of its endpoints some time after it tells the pod to stop.
      await delay(clock, limitMs, force);
    },
  };
}
