import { Scope, type FactoryProvider, type Provider } from '@nestjs/common';
import { Logger, LoggerModule, PinoLogger, PINO_PRE_REQUEST_HOOK } from 'nestjs-pino';
import type { Bindings, Logger as Pino } from 'pino';
import { currentCall } from '../rpc/current-call.js';
import type { ApplicationLogger } from './application-logger.js';
import { LogRouter } from './log-router.js';

/**
 * nestjs-pino's `PinoLogger`, writing to the logger of the application it is injected into.
 *
 * nestjs-pino keeps its root logger as module state, one per process; `PinoLogger.root` therefore stays `undefined`,
 * and levels are changed on `ApplicationLogger`.
 */
export class ApplicationPinoLogger extends PinoLogger {
  constructor(
    private readonly log: LogRouter,
    private readonly root: ApplicationLogger,
  ) {
    super({ useExisting: true, pinoHttp: { logger: root.pino } });
  }

  override get logger(): Pino {
    return this.log.logger ?? this.root.pino;
  }

  /** Under a call the fields become its tags; under an HTTP request, and in `runInContext`, fields of its lines. */
  override assign(fields: Bindings): void {
    const tags = currentCall()?.tags;
    if (!tags) {
      if (this.log.assign(fields)) return;
      throw new Error('PinoLogger.assign: there is no current call or request; use child() of its logger');
    }
    for (const [name, value] of Object.entries(fields)) {
      const plain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
      tags.set(name, plain ? value : JSON.stringify(value));
    }
  }

  override runInContext<T>(body: () => T, options: { bindings?: Bindings; inherit?: boolean } = {}): T {
    const base = options.inherit ? this.logger : this.root.pino;
    return this.log.run(body, options.bindings ? base.child(options.bindings) : base);
  }
}

/** Connects the log to its logger: from now on lines are written. */
export function connectLog(log: LogRouter, logger: ApplicationLogger): void {
  log.openWith(logger, new Logger(new ApplicationPinoLogger(log, logger), {}));
}

/**
 * nestjs-pino's providers (`PinoLogger`, `Logger`, `NativeLogger`, `@InjectPinoLogger`), bound to the application's own
 * logger. They must be provided and exported by a global module that also provides `LogRouter` and the given token.
 */
export function nestPinoProviders(loggerToken: FactoryProvider['provide']): Provider[] {
  const theirs = LoggerModule.forRoot({ useExisting: true }).providers ?? [];
  const application: FactoryProvider<PinoLogger> = {
    provide: PinoLogger,
    scope: Scope.TRANSIENT,
    inject: [LogRouter, loggerToken],
    useFactory: (log: LogRouter, logger: ApplicationLogger) => new ApplicationPinoLogger(log, logger),
  };
  return [...theirs.filter((provider) => !REPLACED.includes(tokenOf(provider))), application];
}

/** The tokens of {@link nestPinoProviders} to export. */
export function tokenOf(provider: Provider): FactoryProvider['provide'] {
  return typeof provider === 'function' ? provider : provider.provide;
}

// kun handles calls below Nest, so nestjs-pino's hook into Nest's microservices is not needed.
const REPLACED: ReadonlyArray<FactoryProvider['provide']> = [PinoLogger, PINO_PRE_REQUEST_HOOK];
