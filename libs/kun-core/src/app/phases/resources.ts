import { formatProblem } from '@kun/config';
import { delay } from '../../clock.js';
import { Identity } from '../../identity/identity.js';
import { runStopCallbacks } from '../../lifecycle/stop-callbacks.js';
import { httpLogging } from '../../logs/http-logging.js';
import { carryStreams } from '../../server/answer/nest/nest-pipeline.js';
import { uncheckedMessages, warnOfUncheckedMessages } from '../../server/answer/nest/unchecked-messages.js';
import type { KunRuntime } from '../../wiring/options.js';
import { KUN_RUNTIME } from '../../wiring/tokens.js';
import { hasReader, startSummary } from '../start-summary.js';
import type { DeclaredPhase } from './parts.js';

/** The user's modules: `onModuleInit` at the start, `onModuleDestroy` after the last call. */
export const nestHooks: DeclaredPhase = {
  name: 'Nest',
  limit: { key: 'DestroyHooksTimeout', ms: ({ destroyHooksTimeoutMs }) => destroyHooksTimeoutMs },
  what: '`onModuleDestroy`, `beforeApplicationShutdown`, `onApplicationShutdown`, all together',
  in: ({ nest, transport, modules, http, settings, log, logger }) => ({
    async start() {
      // Only now, not when the application was created: what the user added in between must apply to both transports.
      const microservice = nest.connectMicroservice({ strategy: transport }, { inheritAppConfig: true });
      const pipeline = carryStreams(microservice);
      warnOfUncheckedMessages(uncheckedMessages(modules, pipeline), logger.pino);
      if (http && settings.grpc.loggingEnabled) nest.use(httpLogging(log, logger));
      await nest.init();
    },
    stop: () => nest.close(),
  }),
};

/** Callbacks registered by the user, run before any of the user's providers is destroyed. */
export const stopCallbacks: DeclaredPhase = {
  name: 'stop callbacks',
  limit: { key: 'AllStopCallbacksTimeout', ms: ({ allStopCallbacksTimeoutMs }) => allStopCallbacksTimeoutMs },
  keepsLimit: true,
  what: '`lifecycle.onStop(name, callback)`, the last registered first, each within `StopCallbackTimeout`',
  in: ({ lifecycle, clock, settings }) => ({
    stop: ({ limitMs, force }) =>
      runStopCallbacks(lifecycle.callbacksToStop, clock, {
        eachMs: settings.stopCallbackTimeoutMs,
        allMs: limitMs,
        force,
      }),
  }),
};

/** Channels close once no user code can need them any more. */
export const upstreamChannels: DeclaredPhase = {
  name: 'upstreams',
  limit: 1000,
  what: 'the channels to other services close',
  in: ({ upstreams }) => ({ start: () => upstreams.connect(), stop: () => upstreams.close() }),
};

/** Spans of the last calls may not have been exported yet. */
export const telemetry: DeclaredPhase = {
  name: 'telemetry',
  limit: 2000,
  keepsLimit: true,
  what: 'the last spans and metrics are sent',
  in: ({ tracing, metricExport, logger }) => ({
    async stop({ limitMs }) {
      const [spansSent, metricsSent] = await Promise.all([
        tracing?.shutdown(limitMs) ?? true,
        metricExport?.shutdown(limitMs) ?? true,
      ]);
      // No call was affected: worth a warning but no different exit code.
      if (!spansSent) logger.pino.warn({ spans_lost: tracing?.lostSpans }, 'spans were left unsent');
      if (!metricsSent) logger.pino.warn('the last metrics were left unsent');
    },
  }),
};

/** Reports readiness from here on. The first thing to change at shutdown, while new calls still succeed for a while. */
export const readyState: DeclaredPhase = {
  name: 'readiness',
  limit: { key: 'GRPCServer.PreStopDelay', ms: ({ grpc }) => grpc.preStopDelayMs },
  keepsLimit: true,
  what: '`/readyz` 503, health NOT_SERVING; `draining` and `stopping` abort; new calls still succeed',
  in: ({
    nest,
    readiness,
    startup,
    configuration,
    clock,
    log,
    logger,
    ports,
    warnings,
    settings,
    tracing,
  }) => ({
    start() {
      for (const problem of configuration.warnings) logger.pino.warn(formatProblem(problem));
      for (const warning of warnings) logger.pino.warn(warning);
      readiness.enter('serving');
      startup.markStarted();
      log.started();
      logger.pino.info({ ports }, 'serving');
      const identity = nest.get(Identity);
      const ownDestination = nest.get<KunRuntime>(KUN_RUNTIME).logDestination !== undefined;
      if (!hasReader(identity, { stdout: process.stdout, ownDestination })) return;
      const on = [
        settings.grpc.reflectionEnabled && 'reflection',
        tracing && 'tracing',
        ports.admin !== undefined && 'probes and metrics',
      ].filter((part) => typeof part === 'string');
      const { layers } = configuration;
      const summary = startSummary({ identity, ports, layers, mcp: settings.operator.mcp, on });
      // After the log lines of the start, which may not have been written yet.
      void logger.flush().then(() => process.stdout.write(`${summary}\n`));
    },
    async stop({ force, limitMs }) {
      readiness.enter('draining');
      // Kubernetes removes a pod from its endpoints some time after it sends SIGTERM.
      await delay(clock, limitMs, force);
    },
  }),
};
