import { Global, Injectable, Logger as NestLogger, Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { InjectPinoLogger, Logger, PinoLogger } from 'nestjs-pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runInCall } from '../rpc/current-call.js';
import { describeMethod } from '../rpc/rpc-method.js';
import { FakeCall } from '../testing/fake-call.js';
import { LogRecorder } from '../testing/log-recorder.js';
import { ApplicationLogger } from './application-logger.js';
import { LogRouter } from './log-router.js';
import { nestPinoProviders, connectLog, tokenOf } from './nest-pino-logger.js';

@Injectable()
class Greeter {
  private readonly nest = new NestLogger('Greeter');

  constructor(
    private readonly pino: PinoLogger,
    private readonly facade: Logger,
    @InjectPinoLogger('Named') private readonly named: PinoLogger,
  ) {
    pino.setContext('Pino');
  }

  greet(): void {
    this.nest.log('nest');
    this.pino.info('pino');
    this.facade.log('facade', 'Facade');
    this.named.info('named');
  }

  get logger(): PinoLogger {
    return this.pino;
  }
}

@Global()
@Module({})
class LogModule {
  static forRoot(log: LogRouter, logger: ApplicationLogger): DynamicModule {
    const providers = [
      { provide: LogRouter, useValue: log },
      { provide: ApplicationLogger, useValue: logger },
      ...nestPinoProviders(ApplicationLogger),
    ];
    return { module: LogModule, providers, exports: providers.map(tokenOf) };
  }
}

async function startApplication(service: string) {
  const destination = new LogRecorder();
  const identity = { domain: '', namespace: 'n', cluster: 'c', service, instance: 'i' };
  const logger = new ApplicationLogger({ identity }, destination);
  const log = new LogRouter();
  const method = describeMethod(`/${service}.v1.S/Get`, { requestStream: false, responseStream: false });
  log.adopt([method]);
  const app = await log.run(() =>
    NestFactory.createApplicationContext(
      { module: class Root {}, imports: [LogModule.forRoot(log, logger)], providers: [Greeter] },
      { logger: log.nestLogger, abortOnError: false },
    ),
  );
  connectLog(log, logger);
  log.started();
  destination.lines.length = 0;
  return { app, destination, log, method, greeter: app.get(Greeter) };
}

const contexts = (destination: LogRecorder) =>
  destination.lines.map((line) => `${String(line['context'])} ${line.msg}`);

const GREETING = ['Greeter nest', 'Pino pino', 'Facade facade', 'Named named'];

describe('LogRouter, two applications in one process', () => {
  let a: Awaited<ReturnType<typeof startApplication>>;
  let b: Awaited<ReturnType<typeof startApplication>>;

  beforeEach(async () => {
    a = await startApplication('a');
    b = await startApplication('b');
  });

  afterEach(async () => {
    a.log.close();
    b.log.close();
    await a.app.close();
    await b.app.close();
    NestLogger.overrideLogger(['log']);
  });

  it('writes every line under a call to the application of the call, with its request id', () => {
    for (const { method, greeter } of [a, b]) {
      runInCall(new FakeCall({ method, requestId: `r-${method.service}` }), () => greeter.greet());
    }
    for (const { destination, method } of [a, b]) {
      expect(contexts(destination)).toEqual(GREETING);
      expect(new Set(destination.lines.map((line) => line['request_id']))).toEqual(
        new Set([`r-${method.service}`]),
      );
    }
  });

  it('writes lines of code that an application started to it, timers included', async () => {
    await a.log.run(() => new Promise<void>((resolve) => setImmediate(() => resolve(a.greeter.greet()))));
    expect(contexts(a.destination)).toEqual(GREETING);
    expect(b.destination.lines).toEqual([]);
  });

  it('gives injected loggers their application everywhere, and lines without an owner to the newest that is open', () => {
    a.greeter.greet();
    expect(contexts(a.destination)).toEqual(GREETING.slice(1));
    expect(contexts(b.destination)).toEqual(GREETING.slice(0, 1));
    b.log.close();
    a.greeter.greet();
    expect(contexts(a.destination)).toHaveLength(7);
  });

  it('makes fields assigned under a call its tags, and refuses to assign outside', () => {
    const call = new FakeCall({ method: a.method });
    runInCall(call, () => a.greeter.logger.assign({ account: 'a-17', list: [1] }));
    expect(call.tags.toJSON()).toEqual({ account: 'a-17', list: '[1]' });
    expect(() => a.greeter.logger.assign({ x: 1 })).toThrow(/no current call or request/);
  });

  it('runs code with fields of its own', () => {
    a.greeter.logger.runInContext(
      () => {
        a.greeter.logger.assign({ shard: 7 });
        a.greeter.greet();
      },
      { bindings: { job: 'sweep' } },
    );
    expect(contexts(a.destination)).toEqual(GREETING);
    expect(
      new Set(a.destination.lines.map((line) => `${String(line['job'])} ${String(line['shard'])}`)),
    ).toEqual(new Set(['sweep 7']));
  });
});

describe('LogRouter, before the logger exists', () => {
  it('holds lines, and writes them once it does', async () => {
    const log = new LogRouter();
    log.nestLogger.log('early', 'Boot');
    log.nestLogger.warn('too', 'Boot');
    const destination = new LogRecorder();
    const identity = {
      domain: '',
      namespace: 'n',
      cluster: 'c',
      service: 's',
      instance: 'i',
    };
    connectLog(log, new ApplicationLogger({ identity }, destination));
    log.nestLogger.log('late', 'Boot');
    log.close();
    expect(contexts(destination)).toEqual(['Boot early', 'Boot too', 'Boot late']);
  });

  it("drops Nest's report of a failed start, which kun reports itself, and keeps the rest", async () => {
    class Failing {
      constructor() {
        new NestLogger('Failing').warn('about to fail');
        throw new Error('no database');
      }
    }
    Injectable()(Failing);
    const log = new LogRouter();
    const start = log.run(() =>
      NestFactory.createApplicationContext(
        { module: class Root {}, providers: [Failing] },
        { logger: log.nestLogger, abortOnError: false },
      ),
    );
    await expect(start).rejects.toThrow('no database');
    const held = log.takeHeld();
    log.close();
    expect(held).toContainEqual({ level: 'warn', message: 'about to fail', params: ['Failing'] });
    expect(held.filter((line) => line.level === 'error')).toEqual([]);
  });

  it('writes exceptions that Nest reports once the start is over', () => {
    const log = new LogRouter();
    log.started();
    log.nestLogger.error('boom', 'stack', 'ExceptionsHandler');
    log.close();
    expect(log.takeHeld()).toHaveLength(1);
  });
});
