import { Configuration } from '@kun/config';
import type { FactoryProvider, InjectionToken, OptionalFactoryDependency, Provider } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { Identity } from './identity/identity.js';
import { readIdentity } from './identity/read-identity.js';
import {
  KUN_OPTIONS,
  KUN_RUNTIME,
  KUN_SETTINGS,
  KUN_TRACING,
  clockOf,
  type KunModuleOptions,
  type KunRuntime,
} from './kun.options.js';
import { UpstreamFactory } from './client/upstream-factory.js';
import { Upstreams } from './client/upstreams.js';
import { Lifecycle } from './lifecycle/lifecycle.js';
import { Liveness } from './lifecycle/liveness.js';
import { Readiness } from './lifecycle/readiness.js';
import { Startup } from './lifecycle/startup.js';
import { routesInterceptor } from './routing/routes-interceptors.js';
import { resolveInterceptor } from './rpc/injectable-interceptor.js';
import { defaultServerInterceptors } from './server/default-interceptors.js';
import { KunGrpcServer } from './server/grpc-server.js';
import { loadProtos, locateProtos, type ProtoSource } from './server/proto-definition.js';
import { LiveSettings } from './settings/live-settings.js';
import type { ResolvedSettings } from './settings/resolve-settings.js';
import type { Settings } from './settings/settings.js';
import { STATUS_FILTER_OPTIONS } from './status/status.filter.js';
import { toStatusError, type ToStatusErrorOptions } from './status/to-status-error.js';
import { ApplicationLog } from './telemetry/application-log.js';
import { ApplicationLogger, openLogger } from './telemetry/application-logger.js';
import { CallMetrics } from './telemetry/call-metrics.js';
import { ClientCallCounts } from './telemetry/client-calls.js';
import { exposeConfigMetrics } from './telemetry/config-metrics.js';
import { serverTls } from './tls/server-certificates.js';
import { reportLateErrors } from './telemetry/late-errors.js';
import { readMethodShapes } from './telemetry/message-shape.js';
import { exposeLogMetrics } from './telemetry/log-metrics.js';
import { Meter } from './telemetry/meter.js';
import { nestPinoProviders, openLog } from './telemetry/nest-pino-logger.js';
import { openTracing, type Tracing } from './telemetry/tracing.js';

const RUNTIME: OptionalFactoryDependency = { token: KUN_RUNTIME, optional: true };

/** Known before the configuration: it selects the layers. */
export const identityProvider: FactoryProvider<Identity> = {
  provide: Identity,
  inject: [KUN_OPTIONS, RUNTIME],
  useFactory: ({ service, version }: KunModuleOptions, { env }: KunRuntime = {}) =>
    readIdentity({ service, version, ...(env && { env }) }),
};

const settingsProviders: Provider[] = [
  {
    provide: LiveSettings,
    inject: [Configuration, Identity, RUNTIME],
    useFactory: (
      config: Configuration<Settings>,
      { inKubernetes }: Identity,
      { ports, spanExporters = [] }: KunRuntime = {},
    ) => new LiveSettings(config, { inKubernetes, ports, spansTaken: spanExporters.length > 0 }),
  },
  {
    // As they were at the start: what most of kun is made of, once.
    provide: KUN_SETTINGS,
    inject: [LiveSettings],
    useFactory: (live: LiveSettings) => live.current,
  },
  {
    provide: STATUS_FILTER_OPTIONS,
    inject: [KUN_SETTINGS],
    useFactory: ({ logger }: ResolvedSettings): ToStatusErrorOptions => ({ development: logger.Development }),
  },
];

const lifecycleProviders: Provider[] = [
  {
    provide: Lifecycle,
    inject: [RUNTIME],
    useFactory: (runtime: KunRuntime = {}) => new Lifecycle(clockOf(runtime)),
  },
  {
    provide: Readiness,
    inject: [RUNTIME, ApplicationLogger],
    useFactory: (runtime: KunRuntime = {}, { pino }: ApplicationLogger) =>
      new Readiness({ clock: clockOf(runtime), logger: probeLogger(pino) }),
  },
  {
    provide: Liveness,
    inject: [ApplicationLogger],
    useFactory: ({ pino }: ApplicationLogger) => new Liveness({ logger: probeLogger(pino) }),
  },
  Startup,
];

const telemetryProviders: Provider[] = [
  {
    provide: ApplicationLogger,
    inject: [Identity, LiveSettings, ApplicationLog, RUNTIME],
    useFactory: async (
      identity: Identity,
      live: LiveSettings,
      log: ApplicationLog,
      runtime: KunRuntime = {},
    ) => {
      const { logger, grpc } = live.current;
      const opened = await openLogger({
        identity,
        level: logger.Level,
        development: logger.Development,
        tags: grpc.tagsEnabled,
        clock: clockOf(runtime),
        ...(runtime.logDestination && { destination: runtime.logDestination }),
      });
      openLog(log, opened);
      live.onChange(() => (opened.level = live.current.logger.Level));
      return opened;
    },
  },
  {
    provide: Meter,
    inject: [Identity, KUN_SETTINGS, ApplicationLogger, Configuration],
    useFactory: (
      identity: Identity,
      { logger }: ResolvedSettings,
      opened: ApplicationLogger,
      configuration: Configuration<Settings>,
    ) => {
      const meter = new Meter({ identity });
      exposeConfigMetrics(() => configuration.status, meter.registry);
      if (logger.Prometheus) exposeLogMetrics(opened, meter.registry);
      return meter;
    },
  },
  {
    provide: KUN_TRACING,
    inject: [Identity, KUN_SETTINGS, ApplicationLogger, RUNTIME],
    useFactory: async (
      identity: Identity,
      settings: ResolvedSettings,
      { pino }: ApplicationLogger,
      { spanExporters = [] }: KunRuntime = {},
    ): Promise<Tracing | undefined> => {
      const { otlp, sampleRatio } = settings.tracing;
      const zipkin = settings.zipkinEndpoints;
      if (zipkin.length === 0 && !otlp && spanExporters.length === 0) return undefined;
      return openTracing({ identity, logger: pino, zipkin, otlp, exporters: spanExporters, sampleRatio });
    },
  },
  ...nestPinoProviders(ApplicationLogger),
];

const serverProvider: FactoryProvider<KunGrpcServer> = {
  provide: KunGrpcServer,
  inject: [
    KUN_OPTIONS,
    LiveSettings,
    Lifecycle,
    Readiness,
    ApplicationLog,
    ApplicationLogger,
    Meter,
    KUN_TRACING,
    ModuleRef,
    RUNTIME,
  ],
  useFactory: (
    options: KunModuleOptions,
    live: LiveSettings,
    lifecycle: Lifecycle,
    readiness: Readiness,
    log: ApplicationLog,
    logger: ApplicationLogger,
    meter: Meter,
    tracing: Tracing | undefined,
    moduleRef: ModuleRef,
    runtime: KunRuntime = {},
  ) => {
    const settings = live.current;
    const base = options.base ?? process.cwd();
    const funnel = { development: settings.logger.Development };
    const onLateError = reportLateErrors(logger.pino);
    const metrics = new CallMetrics(meter.registry, settings.metrics);
    return new KunGrpcServer({
      ...loadProtos(asList(options.proto), base),
      readiness,
      clock: clockOf(runtime),
      draining: lifecycle.stopping,
      settings: settings.grpc,
      channelOptions: options.channelOptions,
      tls: settings.grpc.tls && serverTls(settings.grpc.tls, logger.pino),
      toStatusError: (error) => toStatusError(error, funnel),
      onLateError,
      interceptors: (methods) => {
        log.adopt(methods);
        if (settings.grpc.metricsEnabled) metrics.prepare(methods);
        const lookUp = (token: InjectionToken): unknown => moduleRef.get(token, { strict: false });
        return defaultServerInterceptors({
          settings: settings.grpc,
          logger,
          metrics,
          tracing,
          messageEvents: settings.tracing.messageEvents,
          logging: {
            current: () => ({
              ...live.current.logging,
              contentMaxLength: live.current.grpc.contentMaxLength,
            }),
            onChange: (rebuild) => void live.onChange(rebuild),
          },
          shapes: () => readMethodShapes(locateProtos(asList(options.proto), base)),
          own: (options.interceptors ?? []).map((entry) => resolveInterceptor(entry, lookUp)),
          routes: routesInterceptor(settings.routing.allow, {
            onDropped: ({ entry, reason, first }) => {
              if (first)
                logger.pino.warn({ route: entry, reason }, 'a caller sent what cannot be a route; left out');
            },
          }),
          recovery: {
            toStatusError: (error) => toStatusError(error, funnel),
            onLateError,
            onPanic: (_call, error) => lifecycle.fail(error),
          },
        });
      },
    });
  },
};

const clientProviders: Provider[] = [
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
      moduleRef: ModuleRef,
      runtime: KunRuntime = {},
    ) => {
      const { metrics } = live.current;
      return new UpstreamFactory({
        base: options.base ?? process.cwd(),
        live,
        upstreams,
        readiness,
        clock: clockOf(runtime),
        draining: lifecycle.stopping,
        logger,
        metrics: new CallMetrics(meter.registry, { side: 'client', ...metrics }),
        calls: new ClientCallCounts(meter.registry, metrics.codeNames),
        tracing,
        interceptorsOf: ({ interceptors = [] }) =>
          interceptors.map((entry) =>
            resolveInterceptor(entry, (token) => moduleRef.get(token, { strict: false })),
          ),
      });
    },
  },
];

/** Everything a service has but its identity. */
export const kunProviders: Provider[] = [
  ...clientProviders,
  ...settingsProviders,
  ...telemetryProviders,
  ...lifecycleProviders,
  serverProvider,
];

function asList(sources: ProtoSource | readonly ProtoSource[]): readonly ProtoSource[] {
  return 'path' in sources ? [sources] : sources;
}

function probeLogger(pino: ApplicationLogger['pino']) {
  const child = pino.child({ context: 'Probes' });
  return {
    log: (message: string) => child.info(message),
    warn: (message: string) => child.warn(message),
  };
}
