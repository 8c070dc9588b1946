import { ExplainedError } from '@kun/config';
import type { Identity } from '../identity/identity.js';
import { LogRouter } from '../logs/log-router.js';
import type { ApplicationLogger } from '../logs/application-logger.js';

/**
 * An application was created, started or extended in a way that kun does not support; the message names the supported
 * way.
 */
export class EntranceError extends ExplainedError {
  override readonly name = 'EntranceError';
}

/**
 * What `KunFactory` knows before anything else exists, extended as more becomes known, so that the log line of a failed
 * start carries as much as possible. Absent when the application was not created by `KunFactory`.
 */
export class Entrance {
  readonly log = new LogRouter();
  identity: Identity | undefined;
  logger: ApplicationLogger | undefined;
  /** Whether the logger writes for humans instead of JSON (`Logger.Development`). */
  logsForPeople = false;
}

/** @throws {EntranceError} when the application was not created by `KunFactory`. */
export function required(entrance: Entrance | undefined): Entrance {
  if (entrance) return entrance;
  throw new EntranceError(
    'KunModule requires an application created by KunFactory, which manages start, drain and signals: instead of ' +
      'NestFactory.create, createMicroservice or createApplicationContext, use KunFactory.run(AppModule), or ' +
      "KunFactory.create(AppModule) and app.start(); in tests startTestService(AppModule) or, for Nest's own " +
      'Test.createTestingModule, import KunTestingModule.for(AppModule), both from @kun/core/testing',
  );
}
