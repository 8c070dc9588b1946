import { ExplainedError } from '@kun/config';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { kunApplication, type KunApplication } from '../../app/application.js';
import { startLogger } from '../../app/start-logger.js';
import { Entrance } from '../../wiring/entrance.js';

/**
 * The test requested something that the service or its testing module cannot provide; the message says what to write
 * instead.
 */
export class TestServiceError extends ExplainedError {
  override readonly name = 'TestServiceError';
}

/** The part of Nest's `TestingModule` that kun uses. */
export interface CompiledModule {
  get(token: unknown, options: { strict: false }): unknown;
  createNestApplication(options: object): unknown;
}

/** Whether it is a compiled module, rather than one to compile. */
export function isCompiled(root: object): root is CompiledModule {
  return 'createNestApplication' in root;
}

/**
 * The application of a compiled module, not yet started.
 *
 * @throws {TestServiceError} when there is no `KunTestingModule` in it.
 */
export async function applicationOf(module: CompiledModule): Promise<KunApplication> {
  const { log } = entranceOf(module);
  return log.run(async () => {
    const nest = module.createNestApplication({ logger: startLogger(log.nestLogger) });
    const nobody = { onStartFailed: () => Promise.resolve(), listenTo: () => {} };
    return Promise.resolve(kunApplication(nest as NestExpressApplication, nobody));
  });
}

function entranceOf(module: CompiledModule): Entrance {
  try {
    return module.get(Entrance, { strict: false }) as Entrance;
  } catch (cause) {
    throw new TestServiceError(
      'the module was compiled without KunTestingModule: put KunTestingModule.for(AppModule) into its imports, in the place of AppModule',
      { cause },
    );
  }
}
