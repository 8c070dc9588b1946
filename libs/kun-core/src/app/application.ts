import { ModulesContainer } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Identity } from '../identity/identity.js';
import { kunPhases, type OpenPorts } from './phases.js';
import { Lifecycle, type StopReport } from '../lifecycle/lifecycle.js';
import { KunGrpcServer } from '../server/grpc-server.js';
import { ApplicationLog } from '../telemetry/application-log.js';
import { ApplicationLogger } from '../telemetry/application-logger.js';
import { isMetric, Meter } from '../telemetry/meter.js';

/** What a kun application has besides what a Nest application has. */
export interface KunControls {
  /**
   * Starts everything: admin port, Nest's init hooks, gRPC port, HTTP port, readiness, start callbacks.
   *
   * @throws {StartError} naming the part that failed, after undoing what had started.
   */
  start(): Promise<void>;
  /** Drains and stops everything, in the same order as a signal does. Nest's own signal handling is not needed. */
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
export class RootModuleError extends Error {
  override readonly name = 'RootModuleError';
}

/**
 * Puts kun's start and stop in the place of Nest's.
 *
 * @throws {RootModuleError} when the root module does not import `KunModule`.
 */
export function kunApplication(nest: NestExpressApplication): KunApplication {
  if (!isRegistered(nest)) {
    throw new RootModuleError(
      'the root module does not import KunModule.forRoot({ service, proto }); add it to its imports',
    );
  }
  // What a server is made of is nobody's business; `app.enable('x-powered-by')` brings it back.
  nest.disable('x-powered-by');
  const log = nest.get(ApplicationLog);
  const lifecycle = nest.get(Lifecycle);
  adoptMetrics(nest, nest.get(Meter));
  const ports: { -readonly [P in keyof OpenPorts]: OpenPorts[P] } = {};
  const stop = async (reason: string) => {
    const neverStarted = lifecycle.state === 'idle';
    const report = await lifecycle.stop(reason);
    // Nest has made its providers all the same, and some may hold something.
    if (neverStarted) {
      await nest.close();
      await finish(nest, report);
    }
    return report;
  };
  const controls: KunControls = {
    ports,
    lifecycle,
    start: () => log.run(() => lifecycle.start(kunPhases(nest, ports), (report) => finish(nest, report))),
    stop: (reason) => log.run(() => stop(reason)),
    close: async () => void (await controls.stop('close()')),
  };
  return withControls(nest, {
    ...controls,
    enableShutdownHooks() {
      nest
        .get(ApplicationLogger)
        .pino.warn(
          'enableShutdownHooks() has no effect: KunFactory.run handles the signals, and drains first',
        );
      return this;
    },
  });
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

/** The last words: one line, and nothing of it lost. */
async function finish(nest: NestExpressApplication, report: StopReport): Promise<void> {
  const logger = nest.get(ApplicationLogger);
  const { clean, reason, durationMs, facts } = report;
  const phases = Object.fromEntries(report.phases.map(({ name, durationMs: ms }) => [name, ms]));
  const errors = report.phases.filter(({ error }) => error !== undefined);
  for (const { name, error } of errors) logger.pino.error({ err: error }, `${name} did not stop cleanly`);
  logger.pino[clean ? 'info' : 'warn'](
    { reason, clean, duration_ms: durationMs, ...facts, phases_ms: phases },
    'stopped',
  );
  nest.get(Meter).close();
  await logger.flush();
  nest.get(ApplicationLog).close();
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
      if (own !== undefined) return own;
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => {
        const result: unknown = Reflect.apply(value, target, args);
        return result === target ? application : result;
      };
    },
  });
  return application as unknown as KunApplication;
}
