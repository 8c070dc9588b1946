import type { InjectionToken } from '@nestjs/common';
import { routesInterceptor } from '../routing/routes-interceptors.js';
import { resolveInterceptors } from '../rpc/injectable-interceptor.js';
import { defaultServerInterceptors } from '../server/default-interceptors.js';
import { resolveServices } from './grpc-js-services.js';
import { KunGrpcServer } from '../server/port/grpc-server.js';
import { loadProtos } from '../proto/load-protos.js';
import { compileRules } from '../proto/request-rules.js';
import { toStatusError } from '../status/thrown/to-status-error.js';
import { CallMetrics } from '../metrics/call-metrics.js';
import { reportLateErrors } from '../interceptors/recovery.js';
import { readMethodShapes } from '../proto/message-shape.js';
import { exposeConnections, reportNearLimit } from '../server/port/connection-metrics.js';
import { countRefusedConnections, reportRefusedConnections } from '../server/port/refused-connections.js';
import { countWireRefusals, reportWireRefusals } from '../server/port/wire-refusals.js';
import { watchedServerTls } from '../tls/watched-server-tls.js';
import { warnOfLeftOutMetadata } from '../transport/outgoing-metadata.js';
import { protoDirectories, protoSources, surroundingInterceptors } from './options.js';
import { provide } from './provide.js';
import { clockOf } from './tokens.js';

/** The gRPC server and its interceptor chain. */
export const serverProvider = provide(
  KunGrpcServer,
  [
    'options',
    'live',
    'lifecycle',
    'readiness',
    'liveness',
    'startup',
    'log',
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
    liveness,
    startup,
    log,
    logger,
    meter,
    recent,
    tracing,
    metricExport,
    moduleRef,
    runtime,
  }) => {
    const { settings } = live;
    const funnel = { development: settings.logger.development };
    const onLateError = reportLateErrors(logger.pino, clockOf(runtime));
    const reportRefused = reportRefusedConnections(logger.pino, clockOf(runtime));
    const countRefused = settings.grpc.metricsEnabled ? countRefusedConnections(meter.registry) : undefined;
    const onRefusedConnection: typeof reportRefused = (error, connection) => {
      countRefused?.(error);
      reportRefused(error, connection);
    };
    const reportWireRefusal = reportWireRefusals(logger.pino, clockOf(runtime));
    const countWireRefusal = settings.grpc.metricsEnabled ? countWireRefusals(meter.registry) : undefined;
    const metrics = new CallMetrics(meter.registry, { ...settings.metrics, durations: metricExport?.server });
    const { services, schemas } = loadProtos(
      protoSources(options),
      protoDirectories(options, runtime),
      settings.grpc,
    );
    const methods = [...services.values()].flatMap((service) =>
      Object.values(service).map(({ path }) => path),
    );
    const checks = compileRules(options.rules, { schemas, methods });
    const lookUp = (token: InjectionToken): unknown => moduleRef.get(token, { strict: false });
    const server = new KunGrpcServer({
      services,
      schemas,
      checks,
      ownServices: () => resolveServices(options.services ?? [], lookUp),
      readiness,
      liveness,
      startup,
      clock: clockOf(runtime),
      draining: lifecycle.stopping,
      settings: settings.grpc,
      channelOptions: options.channelOptions,
      tls: settings.grpc.tls && watchedServerTls(settings.grpc.tls, logger.pino, onRefusedConnection),
      onRefusedConnection,
      onNearLimit: reportNearLimit(logger.pino, clockOf(runtime)),
      onWireRefusal: (refusal) => {
        countWireRefusal?.(refusal);
        reportWireRefusal(refusal);
      },
      toStatusError: (error) => toStatusError(error, funnel),
      onLateError,
      onLeftOut: warnOfLeftOutMetadata(logger.pino),
      onReflectionError: (err) => logger.pino.error({ err }, 'reflection cannot describe the protos'),
      interceptors: (methods) => {
        log.adopt(methods);
        if (settings.grpc.metricsEnabled) metrics.prepare(methods);
        return defaultServerInterceptors({
          settings: settings.grpc,
          logger,
          metrics,
          tracing,
          messageEvents: settings.tracing.messageEvents,
          recent: settings.admin && recent.server,
          logging: live.callLogging(settings.grpc),
          shapes: () => readMethodShapes(services.values()),
          own: [
            ...surroundingInterceptors(runtime),
            ...resolveInterceptors('KunModule.forRoot({ interceptors })', options.interceptors ?? [], lookUp),
          ],
          routes: routesInterceptor(settings.routing.allow, {
            onDropped: ({ call, entry, reason, first }) => {
              if (first)
                logger.pino.warn(
                  { route: entry, reason, 'peer.address': call.peer },
                  'a caller sent what cannot be a route; left out',
                );
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
    if (settings.grpc.metricsEnabled) exposeConnections(() => server.connectionCount, meter.registry);
    return server;
  },
);
