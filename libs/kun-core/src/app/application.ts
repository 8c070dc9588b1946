import type { Server } from 'node:http';
import { ExplainedError } from '@kun/config';
import { ModulesContainer } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Identity } from '../identity/identity.js';
import { Lifecycle } from '../lifecycle/lifecycle.js';
import type { StopReport } from '../lifecycle/phase.js';
import { timedSteps } from '../lifecycle/stop-plan.js';
import { KunGrpcServer } from '../server/port/grpc-server.js';
import type { ResolvedSettings } from '../settings/resolve-settings.js';
import { ApplicationLogger } from '../logs/application-logger.js';
import { LogRouter } from '../logs/log-router.js';
import { isMetric, Meter } from '../metrics/meter.js';
import { KUN_RUNTIME, KUN_SETTINGS } from '../wiring/tokens.js';
import { portOverrides, type KunRuntime } from '../wiring/options.js';
import { nestMethods } from './nest-methods.js';
import type { OpenPorts, WantedParts } from './phases/parts.js';
import { kunPhases, STOP_PLAN } from './phases/phases.js';

/** What a kun application offers in addition to a Nest application. */
export interface KunControls {
  /**
   * Starts everything: admin port, Nest's init hooks, gRPC port, HTTP port, readiness, start callbacks. Once the
   * application is created, signals and uncaught errors stop it as they do under `KunFactory.run`.
   *
   * @throws {StartError} naming the part that failed, after rolling back what had started.
   */
  start(): Promise<void>;
  /**
   * Like `start`, with an HTTP port; `port` 0 picks any free one.
   *
   * @throws {StartError} when `start` does.
   * @throws {EntranceError} when `port` is invalid, the configuration names another port, or the application was
   * already started.
   */
  listen(port: number | string, hostname?: string, callback?: () => void): Promise<Server>;
  listen(port: number | string, callback?: () => void): Promise<Server>;
  /** Drains and stops everything in the same order as a signal does; the process keeps running. */
  close(): Promise<void>;
  /** Like `close`, with a reason for the report; returns the report. */
  stop(reason: string): Promise<StopReport>;
  /** The open ports; empty before the start. */
  readonly ports: OpenPorts;
  readonly lifecycle: Lifecycle;
}

/** A Nest application whose start and stop are managed by kun. */
export type KunApplication = Omit<NestExpressApplication, keyof KunControls> & KunControls;

/** The root module does not import `KunModule`. */
export class RootModuleError extends ExplainedError {
  override readonly name = 'RootModuleError';
}

/** Callbacks from an application to its owner. */
export interface ApplicationSurroundings {
  /** Called and awaited when a start failed. */
  onStartFailed(error: unknown): Promise<void>;
  /** Also stops on these signals. */
  listenTo(signals: readonly string[]): void;
}

/**
 * Replaces Nest's start and stop with kun's.
 *
 * @throws {RootModuleError} when the root module does not import `KunModule`.
 */
export function kunApplication(
  nest: NestExpressApplication,
  surroundings: ApplicationSurroundings,
): KunApplication {
  if (!isRegistered(nest)) {
    throw new RootModuleError(
      'the root module does not import KunModule.forRoot({ service, proto }); add it to its imports',
    );
  }
  // Do not advertise the server software; `app.enable('x-powered-by')` brings the header back.
  nest.disable('x-powered-by');
  const log = nest.get(LogRouter);
  const lifecycle = nest.get(Lifecycle);
  adoptMetrics(nest, nest.get(Meter));
  const ports: { -readonly [P in keyof OpenPorts]: OpenPorts[P] } = {};
  const stop = async (reason: string) => {
    const neverStarted = lifecycle.state === 'idle';
    const report = await lifecycle.stop(reason);
    // Nest has created the providers nevertheless, and some may hold resources.
    if (neverStarted) {
      await nest.close();
      await lastWords(nest, report);
    }
    return report;
  };
  const start = (wanted: WantedParts = {}) =>
    log.run(() =>
      lifecycle.start(
        kunPhases(nest, ports, { ...wanted, microservices: methods.microservices }),
        timedSteps(nest.get<ResolvedSettings>(KUN_SETTINGS), STOP_PLAN),
        {
          onFailed: (error) => surroundings.onStartFailed(error),
          onStopped: (report) => lastWords(nest, report),
        },
      ),
    );
  const methods = nestMethods({
    nest,
    state: () => lifecycle.state,
    httpPort: {
      override: portOverrides(nest.get<KunRuntime>(KUN_RUNTIME))?.http,
      configured: nest.get<ResolvedSettings>(KUN_SETTINGS).http?.port,
    },
    start,
    listenTo: (signals) => surroundings.listenTo(signals),
  });
  const controls = {
    ...methods,
    ports,
    lifecycle,
    start: () => start(),
    stop: (reason: string) => log.run(() => stop(reason)),
    close: async () => void (await controls.stop('close()')),
  };
  return withControls(nest, controls);
}

/**
 * Writes the final log line and flushes everything. A failed start already has its line; only cleanup errors are added.
 */
async function lastWords(nest: NestExpressApplication, report: StopReport): Promise<void> {
  const logger = nest.get(ApplicationLogger);
  const { clean, reason, durationMs, facts } = report;
  const phases = Object.fromEntries(report.phases.map(({ name, durationMs: ms }) => [name, ms]));
  const errors = report.phases.filter(({ error }) => error !== undefined);
  for (const { name, error } of errors) logger.pino.error({ err: error }, `${name} did not stop cleanly`);
  if (!nest.get(Lifecycle).startFailed) {
    logger.pino[clean ? 'info' : 'warn'](
      { reason, clean, duration_ms: durationMs, ...facts, phases_ms: phases },
      'stopped',
    );
  }
  nest.get(Meter).close();
  await logger.flush();
  nest.get(LogRouter).close();
}

/**
 * Metrics that providers made with prom-client's own helpers land in the process-wide registry although they belong to
 * this application. They are removed from there at once, so that another application does not adopt them too.
 */
function adoptMetrics(nest: NestExpressApplication, meter: Meter): void {
  for (const module of nest.get(ModulesContainer).values()) {
    for (const { instance } of module.providers.values()) if (isMetric(instance)) meter.adopt(instance);
  }
}

function isRegistered(nest: NestExpressApplication): boolean {
  try {
    nest.get(KunGrpcServer, { strict: false });
    nest.get(Identity, { strict: false });
    return true;
  } catch {
    return false;
  }
}

/** Forwards everything else to Nest's application, as Nest itself does with the HTTP adapter. */
function withControls(nest: NestExpressApplication, controls: object): KunApplication {
  const application: NestExpressApplication = new Proxy(nest, {
    get(target, property) {
      const own: unknown = Reflect.get(controls, property);
      const value: unknown = own ?? Reflect.get(target, property);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => {
        const result: unknown = Reflect.apply(value, own === undefined ? target : controls, args);
        return result === target ? application : result;
      };
    },
  });
  return application as unknown as KunApplication;
}
