import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { setTimeout as delay } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { currentCall, KunFactory } from '@kun/core';
import { deferred, LogRecorder, startTestService } from '@kun/core/testing';
import { Controller, type OnModuleDestroy } from '@nestjs/common';
import { GrpcMethod, GrpcStreamMethod } from '@nestjs/microservices';
import { protoPath as HEALTH_PROTO } from 'grpc-health-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KINDS, kindsModule, type Note } from '../fixtures/kinds.module.js';
import { call, startCall } from './call.js';
import { buildFixtures, type FixturePrograms } from './fixture-program.js';
import { listeningPorts } from './listening-ports.js';
import { sumOf } from './metrics-text.js';
import { ECHO_SERVICE, serviceIn, SpawnedService, type SpawnOptions } from './spawned-service.js';
import { REPOSITORY } from './running-process.js';

const KINDS_SERVICE = serviceIn(`${REPOSITORY}/test/fixtures/kinds.proto`, 'kun.test.v1.Kinds');

const HEALTH_SERVICE = serviceIn(HEALTH_PROTO, 'grpc.health.v1.Health');

let fixtures: FixturePrograms;
beforeAll(async () => {
  fixtures = await buildFixtures();
});
afterAll(() => fixtures[Symbol.asyncDispose]());

/** Starts a program of `test/fixtures`. */
function startFixture(name: string, options: SpawnOptions = {}): Promise<SpawnedService> {
  return SpawnedService.start({ main: fixtures.main(name), service: 'kinds', ...options });
}

/** Settles when the server has this many calls of the method in flight. */
async function inFlight(service: SpawnedService, method: string, count: number): Promise<void> {
  const text = async () => (await service.admin('/metrics')).body;
  await expect
    .poll(async () => sumOf(await text(), 'grpc_server_in_flight', { grpc_method: method }))
    .toBe(count);
}

/** Asks the admin port again and again until `over` settles; what each round saw. */
async function probeUntil(service: SpawnedService, over: Promise<unknown>): Promise<string[]> {
  const seen: string[] = [];
  let open = true;
  void over.finally(() => (open = false));
  while (open) {
    const round = await Promise.all(
      ['/livez', '/readyz', '/metrics'].map(async (path) => {
        const answer = await service.admin(path).catch(() => undefined);
        return `${path} ${answer?.status ?? 'refused'}`;
      }),
    );
    // The end may be known here a moment after the port has closed there.
    if (round.some((answer) => answer.endsWith('refused'))) await Promise.race([over, delay(300)]);
    if (open) seen.push(round.join(' '));
  }
  return seen;
}

describe.each(['SIGTERM', 'SIGINT'] as const)('at %s', (signal) => {
  it('a unary call in flight ends OK, a stream ends UNAVAILABLE, and the probes answer to the last call', async () => {
    await using service = await SpawnedService.start({
      config: { GRPCServer: { GrpcGracefulStopTimeout: 10, StreamGracePeriod: 0.2 } },
    });
    const client = service.grpcClient(ECHO_SERVICE);
    const echo = startCall(client, 'Echo', { requests: [{ message: 'slow', delay_ms: 1500 }] });
    const watch = startCall(client, 'Watch', { requests: [{ count: 0, interval_ms: 50 }] });
    await watch.received(1);
    await inFlight(service, 'Echo', 1);
    expect((await service.admin('/readyz')).status).toBe(200);

    service.process.kill(signal);
    expect((await watch.outcome).code).toBe(status.UNAVAILABLE);
    const answered = echo.outcome;
    const probed = await probeUntil(service, answered);
    expect(await answered).toMatchObject({ code: status.OK, messages: [{ message: 'slow' }] });
    expect(probed.length).toBeGreaterThan(3);
    expect(new Set(probed)).toEqual(new Set(['/livez 200 /readyz 503 /metrics 200']));

    expect(await service.end).toEqual({ code: 0, signal: null });
    expect(service.report).toMatchObject({ reason: signal, clean: true, drained: 1, ended: 1, forced: 0 });
    expect(service.process.stderr).toBe('');
  });
});

describe('what a stop takes away', () => {
  it('goes in order: background work is told, calls and requests end, callbacks in reverse, then modules', async () => {
    await using service = await startFixture('ordered', { http: true });
    const unary = call(service.grpcClient(KINDS_SERVICE), 'Unary', { requests: [{ n: 400 }] });
    const slow = fetch(`http://127.0.0.1:${service.ports.http}/slow`);
    await service.process.line(({ msg }) => msg === 'slow began');
    await inFlight(service, 'Unary', 1);

    service.process.kill('SIGTERM');
    expect(await unary).toMatchObject({ code: status.OK, messages: [{ text: 'open' }] });
    const response = await slow;
    expect([response.status, await response.json()]).toEqual([200, { store: 'open' }]);
    expect(await service.end).toEqual({ code: 0, signal: null });

    const order = service.process.lines.filter(({ context }) => context === 'Order').map(({ msg }) => msg);
    expect(order).toEqual([
      'slow began',
      'stopping',
      'unary done',
      'slow done',
      'stop callback second',
      'stop callback first',
      'onModuleDestroy',
      'beforeApplicationShutdown',
      'onApplicationShutdown',
    ]);
    expect(service.report).toMatchObject({ clean: true, drained: 1, ended: 0, forced: 0, forced_calls: [] });
    expect(Object.keys(service.report?.['phases_ms'] ?? {})).toEqual([
      'readiness',
      'gRPC port',
      'HTTP port',
      'stop callbacks',
      'Nest',
      'upstreams',
      'telemetry',
      'admin port',
    ]);
    expect(service.process.lines.at(-1)?.msg).toBe('stopped');
  });

  it('includes an HTTP port only where one was asked for', async () => {
    await using withHttp = await startFixture('ordered', { http: true });
    const response = await fetch(`http://127.0.0.1:${withHttp.ports.http}/hello`);
    expect(await response.json()).toEqual({ hello: 'world' });
    expect(await listeningPorts(withHttp.process.pid)).toEqual(
      new Set([withHttp.ports.grpc, withHttp.ports.admin, withHttp.ports.http]),
    );

    await using without = await startFixture('ordered');
    expect(await listeningPorts(without.process.pid)).toEqual(
      new Set([without.ports.grpc, without.ports.admin]),
    );
  });
});

describe('a stop that meets handlers which ignore everything', () => {
  const config = { GRPCServer: { GrpcGracefulStopTimeout: 1, StreamGracePeriod: 0.1 } };

  it.each([
    ['Unary', {}],
    ['Watch', {}],
    ['Collect', { requests: [{ n: 1 }], open: true }],
    ['Chat', { open: true }],
  ] as const)('ends within the timeout and exits 1: %s', async (method, input) => {
    await using service = await startFixture('stubborn', { config });
    const stuck = startCall(service.grpcClient(KINDS_SERVICE), method, input);
    await inFlight(service, method, 1);
    if (method === 'Watch' || method === 'Chat') await stuck.received(1);

    const began = performance.now();
    service.process.kill('SIGTERM');
    expect(await stuck.outcome).toMatchObject({ code: status.UNAVAILABLE });
    expect(await service.end).toEqual({ code: 1, signal: null });
    expect(performance.now() - began).toBeLessThan(3000);
    const forced = { method: `/kun.test.v1.Kinds/${method}`, requestId: expect.any(String) as string };
    expect(service.report).toMatchObject({ clean: false, forced: 1, forced_calls: [forced] });
  });

  it('is forced at once by a second signal', async () => {
    await using service = await startFixture('stubborn', {
      config: { GRPCServer: { GrpcGracefulStopTimeout: 60 } },
    });
    const stuck = startCall(service.grpcClient(KINDS_SERVICE), 'Unary');
    await inFlight(service, 'Unary', 1);
    service.process.kill('SIGTERM');
    await expect.poll(async () => (await service.admin('/readyz')).status).toBe(503);
    service.process.kill('SIGINT');
    expect(await stuck.outcome).toMatchObject({ code: status.UNAVAILABLE });
    expect(await service.end).toEqual({ code: 1, signal: null });
    expect(service.report).toMatchObject({ reason: 'SIGTERM', clean: false, forced: 1 });
    expect(service.report?.['duration_ms']).toBeLessThan(5000);
  });
});

describe('a stop that meets what does not leave', () => {
  it('cuts HTTP requests after 3 s, and exits 1', async () => {
    await using service = await startFixture('ordered', { http: true });
    const stuck = fetch(`http://127.0.0.1:${service.ports.http}/stuck`);
    const cut = stuck.catch((error: Error) => error.message);
    await service.process.line(({ msg }) => msg === 'stuck began');
    service.process.kill('SIGTERM');
    expect(await service.end).toEqual({ code: 1, signal: null });
    expect(await cut).toBe('fetch failed');
    const phases = service.report?.['phases_ms'] as Record<string, number>;
    expect(phases['HTTP port']).toBeGreaterThanOrEqual(3000);
    expect(phases['HTTP port']).toBeLessThan(3500);
    expect(service.process.withMessage('onModuleDestroy')).toHaveLength(1);
  });

  it('ends watches of the health at once, and does not wait for idle connections', async () => {
    await using service = await startFixture('ordered');
    const health = startCall(service.grpcClient(HEALTH_SERVICE), 'Watch');
    await health.received(1);
    const idle = connectHttp2(`http://127.0.0.1:${service.ports.grpc}`);
    idle.on('error', () => {});
    await once(idle, 'remoteSettings');
    service.process.kill('SIGTERM');
    const { code, messages } = await health.outcome;
    expect(code).toBe(status.UNAVAILABLE);
    expect(messages.map((message) => message['status'])).toEqual(['SERVING', 'NOT_SERVING']);
    expect(await service.end).toEqual({ code: 0, signal: null });
    expect(service.report?.['duration_ms']).toBeLessThan(1000);
    idle.destroy();
  });
});

describe('the pre-stop delay', () => {
  it('serves new calls and connections while readiness is dead on HTTP and grpc.health.v1', async () => {
    await using service = await SpawnedService.start({ config: { GRPCServer: { PreStopDelay: 1 } } });
    const health = service.grpcClient(HEALTH_SERVICE);
    expect((await call(health, 'Check')).messages).toMatchObject([{ status: 'SERVING' }]);
    service.process.kill('SIGTERM');
    await expect.poll(async () => (await service.admin('/readyz')).status).toBe(503);
    expect((await call(health, 'Check')).messages).toMatchObject([{ status: 'NOT_SERVING' }]);
    const late = await call(service.grpcClient(), 'Echo', { requests: [{ message: 'late' }] });
    expect(late).toMatchObject({ code: status.OK, messages: [{ message: 'late' }] });
    expect(service.process.withMessage('stopped')).toEqual([]);
    expect(await service.end).toEqual({ code: 0, signal: null });
    const phases = service.report?.['phases_ms'] as Record<string, number>;
    expect(phases['readiness']).toBeGreaterThanOrEqual(1000);
    expect(phases['readiness']).toBeLessThan(1500);
  });
});

@Controller()
class WaitingController implements OnModuleDestroy {
  readonly go = deferred();
  readonly order: string[] = [];

  @GrpcMethod('Kinds')
  async unary(): Promise<Partial<Note>> {
    await this.go.promise;
    this.order.push('unary done');
    return { text: 'done' };
  }

  @GrpcMethod('Kinds')
  async *watch(): AsyncGenerator<Partial<Note>> {
    yield { n: 1 };
    await new Promise((resolve) => currentCall()?.draining.addEventListener('abort', resolve));
    yield { text: 'good bye' };
  }

  @GrpcStreamMethod('Kinds')
  collect(): Partial<Note> {
    return {};
  }

  @GrpcStreamMethod('Kinds')
  async *chat(requests: AsyncIterable<Note>): AsyncGenerator<Note> {
    yield* requests;
  }

  onModuleDestroy(): void {
    this.order.push('onModuleDestroy');
  }
}

describe('app.close()', () => {
  it('drains as a signal does: unary calls finish, streams that mind draining say good bye, others end', async () => {
    const service = await startTestService(kindsModule({ controllers: [WaitingController] }), {
      overrides: { GRPCServer: { StreamGracePeriod: 0.2 } },
    });
    const controller = service.app.get(WaitingController);
    const client = service.grpcClient(KINDS);
    const unary = startCall(client, 'unary');
    const watch = startCall(client, 'Watch');
    const chat = startCall(client, 'Chat', { requests: [{ n: 7 }], open: true });
    await Promise.all([watch.received(1), chat.received(1)]);
    await expect
      .poll(async () => sumOf(await service.metrics(), 'grpc_server_in_flight', { grpc_method: 'Unary' }))
      .toBe(1);

    const closed = service.app.close();
    expect(await watch.outcome).toMatchObject({
      code: status.OK,
      messages: [{ n: 1 }, { text: 'good bye' }],
    });
    expect(await chat.outcome).toMatchObject({ code: status.UNAVAILABLE, messages: [{ n: 7 }] });
    expect((await fetch(`${service.adminUrl}/livez`)).status).toBe(200);
    expect((await fetch(`${service.adminUrl}/readyz`)).status).toBe(503);
    expect(controller.order).toEqual([]);
    controller.go.resolve();
    expect(await unary.outcome).toMatchObject({ code: status.OK, messages: [{ text: 'done' }] });
    await closed;
    expect(controller.order).toEqual(['unary done', 'onModuleDestroy']);
    await expect(fetch(`${service.adminUrl}/livez`)).rejects.toThrow('fetch failed');
    expect((await service.close()).facts).toEqual({ drained: 2, ended: 1, forced: 0, forced_calls: [] });
    expect(service.logs.where(({ msg }) => msg === 'stopped')).toHaveLength(1);
  });

  it('may come before the start, and twice', async () => {
    const service = await startTestService(kindsModule({ controllers: [WaitingController] }));
    await Promise.all([service.app.close(), service.app.close()]);
    await service.close();
    expect(service.app.get(WaitingController).order).toEqual(['onModuleDestroy']);

    const unstarted = await KunFactory.create(kindsModule({ controllers: [WaitingController] }), {
      logDestination: new LogRecorder(),
      processEvents: false,
    });
    await unstarted.close();
    expect(unstarted.lifecycle.state).toBe('stopped');
  });
});

describe('stop callbacks', () => {
  it('have the limits of the configuration; what hangs is named, and the rest continues', async () => {
    const controllers = { controllers: [WaitingController] };
    const service = await startTestService(kindsModule(controllers), {
      overrides: { StopCallbackTimeout: 0.05 },
    });
    service.app.lifecycle.onStop('hanging', () => new Promise<void>(() => {}));
    const { clean, phases } = await service.close();
    const failed = phases.find(({ name }) => name === 'stop callbacks')?.error as AggregateError;
    expect(failed.errors).toMatchObject([
      { message: 'stop callback "hanging" was not done after 50 ms and was left behind' },
    ]);
    expect([clean, service.app.get(WaitingController).order]).toEqual([false, ['onModuleDestroy']]);
  });
});

describe('the check of the stop plan', () => {
  it('adds up at the start what main.ts added to the configuration', async () => {
    const logs = new LogRecorder();
    const app = await KunFactory.create(kindsModule({ controllers: [WaitingController] }), {
      logDestination: logs,
      processEvents: false,
      ports: { grpc: 0, admin: 0 },
      overrides: { TerminationGracePeriod: 41 },
    });
    await app.listen(0);
    await app.close();
    const warnings = logs.where(({ level }) => level === 'warn').map(({ msg }) => msg);
    expect(warnings).toEqual([expect.stringMatching(/^a stop may take 43 s .* HTTP port 3 /)]);
  });
});
