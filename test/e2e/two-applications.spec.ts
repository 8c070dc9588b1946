import { status, type Client } from '@grpc/grpc-js';
import { Configuration } from '@kun/config';
import { currentCall, Identity, KunFactory, Readiness } from '@kun/core';
import { LogRecorder, startTestService, type TestService } from '@kun/core/testing';
import { Controller, Get, Injectable, Logger, Module, type OnModuleInit } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { GrpcMethod, GrpcStreamMethod } from '@nestjs/microservices';
import { getToken, InjectMetric, makeCounterProvider } from '@willsoto/nestjs-prometheus';
import type { Counter } from 'prom-client';
import { interval, map, take, type Observable } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KINDS, kindsModule, type Note } from '../fixtures/kinds.module.js';
import { call, startCall } from './call.js';
import { METHODS, type Notes } from './kinds-controller.js';
import { sumOf } from './metrics-text.js';

// One for the process, as is usual with Nest.
const logger = new Logger('Shared');

@Injectable()
class Background implements OnModuleInit {
  constructor(private readonly identity: Identity) {}

  onModuleInit(): void {
    logger.log(`init ${this.identity.instance}`);
  }
}

@Controller()
class SharedController {
  constructor(
    private readonly identity: Identity,
    private readonly configuration: Configuration,
    private readonly config: ConfigService,
    @InjectMetric('notes_total') private readonly notes: Counter,
  ) {}

  @GrpcMethod('Kinds')
  async unary(request: Note): Promise<Partial<Note>> {
    this.notes.inc();
    logger.log(`unary ${request.text}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
    logger.log(`later ${request.text}`);
    return { text: this.identity.instance, n: this.config.get('GRPCServer.LoggingRpcMaxSize') };
  }

  @GrpcMethod('Kinds')
  watch(request: Note): Observable<Partial<Note>> {
    return interval(1).pipe(
      take(2),
      map(() => {
        logger.log(`watch ${request.text}`);
        return { n: Number(this.configuration.get('GRPCServer.LoggingRpcMaxSize')) };
      }),
    );
  }

  @GrpcStreamMethod('Kinds')
  async collect(requests: Notes): Promise<Partial<Note>> {
    for await (const { text } of requests) logger.log(`collect ${text}`);
    return { text: this.identity.instance };
  }

  @GrpcStreamMethod('Kinds')
  async *chat(requests: Notes): AsyncGenerator<Partial<Note>> {
    for await (const { text } of requests) {
      logger.log(`chat ${text}`);
      yield { text: currentCall()?.draining.aborted ? 'draining' : this.identity.instance };
    }
  }

  @Get('/hello')
  async hello(): Promise<string> {
    await new Promise((resolve) => setTimeout(resolve, 1));
    logger.log(`hello ${this.identity.instance}`);
    return this.identity.instance;
  }
}

@Module({})
class NotesModule {}

const root = () =>
  kindsModule({
    imports: [NotesModule],
    controllers: [SharedController],
    providers: [Background, makeCounterProvider({ name: 'notes_total', help: 'Notes taken' })],
  });

function start(instance: string, LoggingRpcMaxSize: number): Promise<TestService> {
  return startTestService(root(), {
    env: { KUN_INSTANCE: instance },
    overrides: { GRPCServer: { LoggingRpcMaxSize } },
    ports: { http: 0 },
  });
}

describe('two applications in one process', () => {
  let one: TestService;
  let two: TestService;
  let toOne: Client;
  let toTwo: Client;
  beforeEach(async () => {
    one = await start('one', 11);
    two = await start('two', 22);
    toOne = one.grpcClient(KINDS);
    toTwo = two.grpcClient(KINDS);
  });
  afterEach(async () => {
    await Promise.all([one.close(), two.close()]);
  });

  const sharedLines = ({ logs }: TestService) =>
    logs.where(({ context }) => context === 'Shared').map(({ msg }) => msg);

  it("have metrics of their own, the user's included", async () => {
    for (let n = 0; n < 3; n++) await call(toOne, 'Unary');
    await call(toTwo, 'Watch');
    const [first, second] = await Promise.all([one.metrics(), two.metrics()]);
    const started = (text: string, method: string) =>
      sumOf(text, 'grpc_server_started_total', { grpc_method: method });
    expect([started(first, 'Unary'), started(first, 'Watch')]).toEqual([3, 0]);
    expect([started(second, 'Unary'), started(second, 'Watch')]).toEqual([0, 1]);
    expect([sumOf(first, 'notes_total'), sumOf(second, 'notes_total')]).toEqual([3, 0]);
    expect(sumOf(first, 'kun_info', { instance: 'one' })).toBe(1);
    expect(sumOf(second, 'kun_info', { instance: 'one' })).toBeNaN();
  });

  it("have logs of their own, lines of Nest's process-wide logger included, under calls side by side", async () => {
    const calls = [toOne, toTwo].flatMap((client, index) =>
      METHODS.flatMap((method) =>
        [1, 2].map(() => call(client, method, { requests: [{ text: `to ${index === 0 ? 'one' : 'two'}` }] })),
      ),
    );
    expect(new Set((await Promise.all(calls)).map(({ code }) => code))).toEqual(new Set([status.OK]));
    expect(await (await fetch(`${one.httpUrl}/hello`)).text()).toBe('one');
    expect(await (await fetch(`${two.httpUrl}/hello`)).text()).toBe('two');
    for (const [service, name] of [
      [one, 'one'],
      [two, 'two'],
    ] as const) {
      const expected = ['unary', 'later', 'watch', 'watch', 'collect', 'chat'].map(
        (what) => `${what} to ${name}`,
      );
      expect(sharedLines(service).toSorted()).toEqual(
        [`init ${name}`, `hello ${name}`, ...expected, ...expected].toSorted(),
      );
      expect(service.logs.finishedCalls).toHaveLength(8);
      expect(new Set(service.logs.lines.map(({ instance }) => instance))).toEqual(new Set([name]));
    }
  });

  it('have metrics of their own when both are made before either starts', async () => {
    const made = [];
    for (const instance of ['three', 'four']) {
      made.push(
        await KunFactory.create(root(), {
          env: { KUN_INSTANCE: instance },
          logDestination: new LogRecorder(),
          ports: { grpc: 0, admin: 0 },
        }),
      );
    }
    const metrics = made.map((app) => app.get<Counter>(getToken('notes_total'), { strict: false }));
    expect(metrics[0]).not.toBe(metrics[1]);
    for (const app of made) await app.close();
  });

  it('have probes of their own', async () => {
    one.app.get(Readiness).setDead('test');
    const states = await Promise.all(
      [one, two].map(async ({ adminUrl }) => (await fetch(`${adminUrl}/readyz`)).status),
    );
    expect(states).toEqual([503, 200]);
  });

  it('have configurations of their own', async () => {
    for (const [client, name, size] of [
      [toOne, 'one', 11],
      [toTwo, 'two', 22],
    ] as const) {
      expect((await call(client, 'Unary')).messages).toMatchObject([{ text: name, n: size }]);
      expect((await call(client, 'Watch')).messages).toMatchObject([{ n: size }, { n: size }]);
    }
  });

  it.each(['first', 'last'])('go on when the one that was made %s stops', async (which) => {
    const [stopping, staying] = which === 'first' ? [one, two] : [two, one];
    const name = which === 'first' ? 'two' : 'one';
    const client = which === 'first' ? toTwo : toOne;
    const chat = startCall(client, 'Chat', { requests: [{ text: 'before' }], open: true });
    await chat.received(1);

    expect((await stopping.close()).facts).toMatchObject({ drained: 0, ended: 0, forced: 0 });
    chat.write({ text: 'after' });
    chat.end();
    expect(await chat.outcome).toMatchObject({ code: status.OK, messages: [{ text: name }, { text: name }] });
    expect((await call(client, 'Unary', { requests: [{ text: 'new' }] })).code).toBe(status.OK);
    expect(await (await fetch(`${staying.httpUrl}/hello`)).text()).toBe(name);
    expect((await fetch(`${staying.adminUrl}/readyz`)).status).toBe(200);
    expect(sumOf(await staying.metrics(), 'grpc_server_handled_total', { grpc_code: 'OK' })).toBe(2);
    expect(sharedLines(staying)).toEqual([
      `init ${name}`,
      'chat before',
      'chat after',
      'unary new',
      'later new',
      `hello ${name}`,
    ]);
    expect(sharedLines(stopping)).toHaveLength(1);
  });

  it('do not mind one that fails to start, or is made and never started', async () => {
    const lost = new LogRecorder();
    const never = await KunFactory.create(root(), { logDestination: lost });
    const port = one.app.ports.grpc ?? 0;
    const failed = await KunFactory.create(root(), {
      logDestination: lost,
      ports: { grpc: port, admin: 0, http: 0 },
    });
    await expect(failed.start()).rejects.toMatchObject({ name: 'StartError', phase: 'gRPC port' });
    await never.close();
    logger.log('by nobody');
    expect((await call(toOne, 'Unary', { requests: [{ text: 'x' }] })).code).toBe(status.OK);
    expect(sharedLines(one)).toEqual(['init one', 'unary x', 'later x']);
    // Of those that are not closed, the one that was made last.
    expect(sharedLines(two)).toEqual(['init two', 'by nobody']);
    expect(lost.where(({ msg }) => msg === 'by nobody')).toEqual([]);
  });
});
