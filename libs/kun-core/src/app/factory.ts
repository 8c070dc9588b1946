import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { explainUnknownClient } from '../client/upstreams/unknown-client.js';
import { StartError } from '../lifecycle/lifecycle.js';
import { Entrance } from '../wiring/entrance.js';
import type { KunRuntime } from '../wiring/options.js';
import { kunApplication, type KunApplication } from './application.js';
import { ApplicationMember } from './application-member.js';
import { checkMetadata } from './check-metadata.js';
import { KunRootModule } from './root.module.js';
import { startLogger } from './start-logger.js';
import { processWatch } from './process-watch.js';

/** Options of `KunFactory.run`. */
export interface RunOptions extends Omit<KunRuntime, 'processEvents'> {
  /**
   * Called with the application before it starts, e.g. for `app.useGlobalPipes(...)`. If it throws, the start has
   * failed; a signal that arrives meanwhile does not wait for it. Default: nothing
   */
  readonly prepare?: (app: KunApplication) => Promise<void> | void;
}

/** Creates and runs applications whose root module imports `KunModule.forRoot(...)`. */
export const KunFactory = Object.freeze({
  /**
   * Creates the application without starting it, so that pipes or HTTP routes can be added before `app.start()`. From
   * here on SIGTERM, SIGINT and uncaught errors stop it and end the process, until it is closed
   * (`runtime.processEvents`).
   *
   * @throws {ConfigError | IdentityError | ProtoError | UpstreamError} listing every problem with its location.
   */
  async create(root: Type | DynamicModule, runtime: KunRuntime = {}): Promise<KunApplication> {
    const entrance = new Entrance();
    const watch = runtime.processEvents === false ? undefined : processWatch;
    return make(root, runtime, entrance, new ApplicationMember(watch, entrance, runtime, false));
  },

  /**
   * Creates and starts the application, serves until SIGTERM or SIGINT, drains, and ends the process with exit code 0
   * if nothing had to be forced, else 1. A failed start yields one error-level log line, one message on standard error,
   * and exit code 1.
   */
  async run(root: Type | DynamicModule, { prepare, ...runtime }: RunOptions = {}): Promise<void> {
    const entrance = new Entrance();
    const member = new ApplicationMember(processWatch, entrance, runtime, true);
    try {
      const application = await make(root, runtime, entrance, member);
      const { lifecycle } = application;
      // A forced stop does not wait for anything that hangs.
      const stopped = lifecycle.whenStopped.then(() => {});
      await Promise.race([prepared(application, prepare, member), stopped]);
      if (lifecycle.state === 'idle') await Promise.race([application.start(), stopped]);
      await stopped;
    } catch {
      // Already reported, and the process is ending.
    }
  },
});

async function make(
  root: Type | DynamicModule,
  runtime: KunRuntime,
  entrance: Entrance,
  member: ApplicationMember,
): Promise<KunApplication> {
  const { log } = entrance;
  try {
    const application = await log.run(async () => {
      await checkMetadata(root);
      const nest = await NestFactory.create<NestExpressApplication>(
        KunRootModule.for(root, runtime, entrance),
        { logger: startLogger(log.nestLogger), abortOnError: false },
      );
      return kunApplication(nest, {
        onStartFailed: (error) => member.startFailed(error),
        listenTo: (signals) => member.listenTo(signals),
      });
    });
    member.adopt(application);
    return application;
  } catch (cause) {
    const error = explainUnknownClient(cause, root);
    await member.startFailed(error);
    log.close();
    member.givenUp();
    throw error;
  }
}

async function prepared(
  application: KunApplication,
  prepare: RunOptions['prepare'],
  member: ApplicationMember,
): Promise<void> {
  try {
    await prepare?.(application);
  } catch (cause) {
    const { lifecycle } = application;
    if (lifecycle.state !== 'idle') return;
    const error = new StartError('prepare', cause);
    await member.startFailed(error);
    lifecycle.abandon(error);
    await application.stop('prepare failed');
  }
}
