import { ExplainedError } from '@kun/config';
import type { Identity } from '../identity/identity.js';
import { LogRouter } from '../logs/log-router.js';
import type { ApplicationLogger } from '../logs/application-logger.js';

/** An application was made, started or extended in a way that kun does not have; the message says which it has. */
export class EntranceError extends ExplainedError {
  override readonly name = 'EntranceError';
}

/**
 * What `KunFactory` brings before there is anything else, and what becomes known on the way: should the start fail, its
 * line has as much of it as there is. Without one, the application was made by somebody else.
 */
export class Entrance {
  readonly log = new LogRouter();
  identity: Identity | undefined;
  logger: ApplicationLogger | undefined;
  /** Whether the logger writes for people instead of JSON (`Logger.Development`). */
  logsForPeople = false;
}

/** @throws {EntranceError} when the application was not made by `KunFactory`. */
export function required(entrance: Entrance | undefined): Entrance {
  if (entrance) return entrance;
  throw new EntranceError(
    'KunModule wants an application of KunFactory, since start, drain and signals are its own: in place of ' +
      'NestFactory.create, createMicroservice or createApplicationContext, use KunFactory.run(AppModule), or ' +
      "KunFactory.create(AppModule) and app.start(); in tests startTestService(AppModule) or, for Nest's own " +
      'Test.createTestingModule, KunTestingModule.for(AppModule) among the imports, both of @kun/core/testing',
  );
}
