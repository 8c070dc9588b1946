import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { withoutAdminStart } from '../admin/quiet-start.js';
import { explainUnknownClient } from '../client/unknown-client.js';
import { kunApplication, type KunApplication } from './application.js';
import type { KunRuntime } from '../wiring/options.js';
import { KUN_RUNTIME } from '../wiring/tokens.js';
import { runUntilStopped } from './run.js';
import { StatusFilter } from '../status/status.filter.js';
import { ApplicationLog } from '../telemetry/application-log.js';

/** The root above the user's: what comes from outside, and the filter that all others go before. */
@Module({})
class KunRootModule {
  static for(root: Type | DynamicModule, runtime: KunRuntime, log: ApplicationLog): DynamicModule {
    return {
      module: KunRootModule,
      global: true,
      imports: [root],
      providers: [
        { provide: KUN_RUNTIME, useValue: runtime },
        { provide: ApplicationLog, useValue: log },
        // Nest asks filters in the reverse of this order: that of the outermost module last.
        { provide: APP_FILTER, useClass: StatusFilter },
      ],
      exports: [KUN_RUNTIME, ApplicationLog],
    };
  }
}

/** Makes and runs applications whose root module imports `KunModule.forRoot(...)`. */
export const KunFactory = Object.freeze({
  /**
   * Makes the application, for those who want to add pipes or HTTP routes before `app.start()`.
   *
   * @throws {ConfigError | IdentityError | ProtoError | UpstreamError} with all that is wrong, each with its place.
   */
  async create(root: Type | DynamicModule, runtime: KunRuntime = {}): Promise<KunApplication> {
    const log = new ApplicationLog();
    try {
      return await log.run(async () => {
        const nest = await NestFactory.create<NestExpressApplication>(KunRootModule.for(root, runtime, log), {
          logger: withoutAdminStart(log.nestLogger),
          abortOnError: false,
        });
        return kunApplication(nest);
      });
    } catch (error) {
      log.close();
      throw explainUnknownClient(error, root);
    }
  },

  /**
   * Makes the application, starts it, serves until SIGTERM or SIGINT, drains and ends the process: exit code 0 when
   * nothing had to be forced, else 1. What prevents the start is one message on standard error, and exit code 1.
   */
  async run(root: Type | DynamicModule, runtime: KunRuntime = {}): Promise<void> {
    await runUntilStopped(() => KunFactory.create(root, runtime));
  },
});
