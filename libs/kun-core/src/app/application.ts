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

/** What a kun application has besides what a Nest application has. */
export interface KunControls {
  /**
   * Starts everything: admin port, Nest's init hooks, gRPC port, HTTP port, readiness, start callbacks. From the making
   * of the application on, signals and errors that nobody caught stop it as they do under `KunFactory.run`.
   *
   * @throws {StartError} naming the part that failed, after undoing what had started.
   */
  start(): Promise<void>;
  /**
   * The same with an HTTP port; `port` 0 is any free one.
   *
   * @throws {StartError} when `start` does.
   * @throws {EntranceError} when it is no port, the configuration names another, or the application was started before.
   */
  listen(port: number | string, hostname?: string, callback?: () => void): Promise<Server>;
  listen(port: number | string, callback?: () => void): Promise<Server>;
  /** Drains and stops everything, in the same order as a signal does; the process goes on. */
  close(): Promise<void>;
  /** The same with a reason for the report, and the report. */
  stop(reason: string): Promise<StopReport>;
  /** The ports that are open; empty before the start. */
  readonly ports: OpenPorts;
  readonly lifecycle: Lifecycle;
}

/** A Nest application whose start and stop are kun's. */
export type KunApplication = Omit<NestExpressApplication, keyof KunControls> & KunControls;

/** The root module is no kun application. */
export class RootModuleError extends ExplainedError {
  override readonly name = 'RootModuleError';
}

/** What an application is told from outside, and tells. */
export interface ApplicationSurroundings {
  /** Told, and waited for, when a start failed. */
  onStartFailed(error: unknown): Promise<void>;
  /** Stops at these signals, too. */
  listenTo(signals: readonly string[]): void;
}

/**
 * Puts kun's start and stop in the place of Nest's.
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
  // What a server is made of is nobody's business; `app.enable('x-powered-by')` brings it back.
  nest.disable('x-powered-by');
  const log = nest.get(LogRouter);
  const lifecycle = nest.get(Lifecycle);
  adoptMetrics(nest, nest.get(Meter));
  const ports: { -readonly [P in keyof OpenPorts]: OpenPorts[P] } = {};
  const stop = async (reason: string) => {
    const neverStarted = lifecycle.state === 'idle';
    const report = await lifecycle.stop(reason);
    // Nest has made its providers all the same, and some may hold something.
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
 * The last words of an application: one line, and nothing of it lost. A start that failed has had its line; only what
 * could not be undone is added to it.
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
 * Metrics that providers made with prom-client's own helpers register with the process; they belong to this application.
 * They are taken out at once: another application that is made would be given the same.
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

/** As Nest itself does with the HTTP adapter: what is not ours is the application's. */
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
