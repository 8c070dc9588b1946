import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { credentials, makeGenericClientConstructor, status, type Client } from '@grpc/grpc-js';
import { KunFactory, Lifecycle, Liveness, Readiness, type KunApplication, type KunRuntime } from '@kun/core';
import { deferred, LogRecorder, startTestService, type Deferred, type TestService } from '@kun/core/testing';
import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { protoPath as HEALTH_PROTO } from 'grpc-health-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KINDS, kindsModule } from '../fixtures/kinds.module.js';
import { call, startCall } from './call.js';
import { buildFixtures } from './fixture-program.js';
import { kindsController } from './kinds-controller.js';
import { samplesOf } from './metrics-text.js';
import { REPOSITORY } from './running-process.js';
import { serviceIn, SpawnedService } from './spawned-service.js';

const HEALTH = serviceIn(HEALTH_PROTO, 'grpc.health.v1.Health');
const REFLECTION = serviceIn(
  join(REPOSITORY, 'test/fixtures/reflection.proto'),
  'grpc.reflection.v1.ServerReflection',
);

const controllers = [kindsController({ unary: () => ({ text: 'here' }) })];
const quiet = (runtime: KunRuntime = {}): KunRuntime => ({
  logDestination: new LogRecorder(),
  processEvents: false,
  ...runtime,
  ports: runtime.ports === 'none' ? 'none' : { grpc: 0, admin: 0, ...runtime.ports },
});

async function probe(url: string): Promise<Record<string, number>> {
  const paths = ['livez', 'readyz', 'startupz', 'metrics'];
  const answers = await Promise.all(paths.map((path) => fetch(`${url}/${path}`)));
  return Object.fromEntries(paths.map((path, index) => [path, answers[index]?.status ?? 0]));
}

function isRefused(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', () => resolve(true));
  });
}

function clientAt(
  port: number | undefined,
  definition: Parameters<typeof makeGenericClientConstructor>[0],
): Client {
  const Caller = makeGenericClientConstructor(definition, 'Caller');
  return new Caller(`127.0.0.1:${port}`, credentials.createInsecure(), { 'grpc.enable_retries': 0 });
}

describe('calls made from the moment the port accepts', () => {
  it('are answered, round after round', async () => {
    for (let round = 0; round < 6; round++) {
      await using service = await SpawnedService.spawn();
      const failed = new AbortController();
      void service.end.then(() => failed.abort(new Error(service.process.stderr)));
      const statuses = await hammer(service.ports.grpc, PATHS, failed.signal);
      expect(statuses).toEqual(['0', '0', '0']);
    }
  });
});

const PATHS = [
  '/kun.echo.v1.EchoService/Echo',
  '/kun.echo.v1.EchoService/Watch',
  '/grpc.health.v1.Health/Check',
];

/** Connects until it is let in, and makes the calls in the same moment. Gives their statuses. */
async function hammer(port: number, paths: readonly string[], signal: AbortSignal): Promise<string[]> {
  while (await isRefused(port)) await delay(1, undefined, { signal });
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  try {
    return await Promise.all(
      paths.map(async (path) => {
        const stream = session.request({
          ':method': 'POST',
          ':path': path,
          'content-type': 'application/grpc',
          te: 'trailers',
        });
        // An empty message, of a Watch one event: count (field 1) = 1.
        const message = path.endsWith('Watch') ? [8, 1] : [];
        stream.end(Buffer.from([0, 0, 0, 0, message.length, ...message]));
        stream.resume();
        let answer: unknown;
        stream.on('response', (headers) => (answer ??= headers['grpc-status']));
        stream.on('trailers', (trailers) => (answer = trailers['grpc-status']));
        await once(stream, 'close');
        return String(answer);
      }),
    );
  } finally {
    session.close();
  }
}

@Injectable()
class SlowResource implements OnModuleInit, OnModuleDestroy {
  readonly opened: Deferred<void> = deferred();
  readonly begun: Deferred<void> = deferred();
  destroyed = false;

  onModuleInit(): Promise<void> {
    this.begun.resolve();
    return this.opened.promise;
  }

  onModuleDestroy(): void {
    this.destroyed = true;
  }
}

describe('while onModuleInit has not ended', () => {
  let app: KunApplication;
  let resource: SlowResource;
  beforeEach(async () => {
    app = await KunFactory.create(
      kindsModule({ controllers, providers: [SlowResource] }),
      quiet({ ports: { http: 0 } }),
    );
    resource = app.get(SlowResource);
  });
  afterEach(() => app.close());

  it('the admin port says live, not started, not ready, and no other port is open', async () => {
    const started = app.start();
    await resource.begun.promise;
    const url = `http://127.0.0.1:${app.ports.admin}`;
    expect(await probe(url)).toEqual({ livez: 200, readyz: 503, startupz: 503, metrics: 200 });
    expect(Object.keys(app.ports)).toEqual(['admin']);
    resource.opened.resolve();
    await started;
    expect(await probe(url)).toEqual({ livez: 200, readyz: 200, startupz: 200, metrics: 200 });
    expect(Object.keys(app.ports).toSorted()).toEqual(['admin', 'grpc', 'http']);
  });

  it('a stop waits for it, undoes what had started, and the start says why it failed', async () => {
    const started = app.start();
    started.catch(() => {});
    await resource.begun.promise;
    const stopped = app.stop('changed my mind');
    resource.opened.resolve();
    await expect(started).rejects.toThrow('the application was told to stop');
    expect(await stopped).toMatchObject({ reason: 'changed my mind', clean: true });
    expect(resource.destroyed).toBe(true);
    expect(await isRefused(app.ports.admin ?? 0)).toBe(true);
    expect(app.ports.grpc).toBeUndefined();
  });

  it('a stop is not held up by a start that fails because it was told to', async () => {
    app.lifecycle.stopping.addEventListener('abort', () => resource.opened.reject(new Error('gave up')));
    const started = app.start();
    started.catch(() => {});
    await resource.begun.promise;
    expect(await app.stop('changed my mind')).toMatchObject({ reason: 'changed my mind', clean: true });
    await expect(started).rejects.toThrow('gave up');
    expect(resource.destroyed).toBe(true);
    expect(await isRefused(app.ports.admin ?? 0)).toBe(true);
  });
});

it('a process whose start never ends is ended by a second signal', async () => {
  await using fixtures = await buildFixtures();
  await using service = await SpawnedService.spawn({ main: fixtures.main('slow-start'), service: 'kinds' });
  await service.process.line(({ msg }) => msg === 'starting');
  service.process.kill('SIGTERM');
  await expect.poll(async () => (await service.admin('/readyz')).status).toBe(503);
  service.process.kill('SIGTERM');
  expect(await service.end).toEqual({ code: 1, signal: null });
  expect(await service.process.line(({ msg }) => msg === 'destroyed')).toBeDefined();
});

describe('a start that fails', () => {
  it.each([
    [
      'in a start callback',
      (app: KunApplication) => app.get(Lifecycle).onStart('fail', () => Promise.reject(new Error('no'))),
    ],
    ['in onModuleInit', (app: KunApplication) => app.get(SlowResource).opened.reject(new Error('no'))],
  ])('%s leaves nothing open in the process, and destroys what was made', async (_where, spoil) => {
    const app = await KunFactory.create(
      kindsModule({ controllers, providers: [SlowResource] }),
      quiet({ ports: { http: 0 } }),
    );
    const resource = app.get(SlowResource);
    spoil(app);
    resource.opened.resolve();
    await expect(app.start()).rejects.toMatchObject({ name: 'StartError', cause: { message: 'no' } });
    for (const port of Object.values(app.ports)) expect(await isRefused(port)).toBe(true);
    expect(Object.keys(app.ports)).toContain('admin');
    expect(resource.destroyed).toBe(true);
    expect(app.lifecycle.state).toBe('stopped');
  });
});

describe('readiness', () => {
  let service: TestService;
  let health: Client;
  afterEach(async () => {
    health.close();
    await service.close();
  });

  async function start(prepare: (app: KunApplication) => void = () => {}): Promise<Readiness> {
    service = await startTestService(kindsModule({ controllers }), { prepare });
    health = clientAt(service.app.ports.grpc, HEALTH);
    return service.app.get(Readiness);
  }

  /** What the two ways to ask say. */
  async function state(): Promise<[number, unknown]> {
    const { status: http } = await fetch(`${service.adminUrl}/readyz`);
    const { messages } = await call(health, 'Check', { requests: [{ service: KINDS }] });
    return [http, messages[0]?.['status']];
  }

  it('follows setDead and setAlive, over HTTP and grpc.health.v1, asked and watched', async () => {
    const readiness = await start();
    const watches = ['', KINDS].map((name) => startCall(health, 'Watch', { requests: [{ service: name }] }));
    await Promise.all(watches.map((watch) => watch.received(1)));
    expect(await state()).toEqual([200, 'SERVING']);

    readiness.setDead('cache is cold');
    expect(await state()).toEqual([503, 'NOT_SERVING']);
    const body = await (await fetch(`${service.adminUrl}/readyz`)).json();
    expect(body).toMatchObject({ error: { service: { reason: 'cache is cold' } } });
    expect((await fetch(`${service.adminUrl}/livez`)).status).toBe(200);
    // Being out of balancing refuses nobody.
    expect((await call(service.grpcClient(KINDS), 'Unary')).code).toBe(status.OK);

    readiness.setAlive();
    expect(await state()).toEqual([200, 'SERVING']);
    await Promise.all(watches.map((watch) => watch.received(3)));
    for (const { messages } of watches) {
      expect(messages.map((message) => message['status'])).toEqual(['SERVING', 'NOT_SERVING', 'SERVING']);
    }
    for (const watch of watches) watch.cancel();
    expect((await call(health, 'Check', { requests: [{ service: 'nobody' }] })).code).toBe(status.NOT_FOUND);
  });

  it('is held from before the start until the last release', async () => {
    let release = (): void => {};
    const readiness = await start((app) => {
      release = app.get(Readiness).hold('full-sync');
      app.get(Readiness).hold('warm-up');
    });
    expect(await state()).toEqual([503, 'NOT_SERVING']);
    expect((await fetch(`${service.adminUrl}/startupz`)).status).toBe(200);
    release();
    expect(await state()).toEqual([503, 'NOT_SERVING']);
    readiness.release('warm-up');
    expect(await state()).toEqual([200, 'SERVING']);
  });

  it('is decided by start callbacks where they say so', async () => {
    await start((app) => app.get(Lifecycle).onStart('sync', () => app.get(Readiness).setDead('syncing')));
    expect(await state()).toEqual([503, 'NOT_SERVING']);
  });

  it("depends on the user's checks, and liveness on its own", async () => {
    const readiness = await start();
    let up = true;
    const remove = readiness.addCheck('database', () => up, { cacheMs: 0 });
    expect(await state()).toEqual([200, 'SERVING']);
    up = false;
    expect((await fetch(`${service.adminUrl}/readyz`)).status).toBe(503);
    expect(await state()).toEqual([503, 'NOT_SERVING']);
    remove();
    expect(await state()).toEqual([200, 'SERVING']);

    const liveness = service.app.get(Liveness);
    liveness.setDead('deadlock');
    expect((await fetch(`${service.adminUrl}/livez`)).status).toBe(503);
    expect(await state()).toEqual([200, 'SERVING']);
    liveness.setAlive();
    expect((await fetch(`${service.adminUrl}/livez`)).status).toBe(200);
  });
});

describe('reflection', () => {
  async function listServices(Reflection: boolean | undefined) {
    const overrides = { GRPCServer: Reflection === undefined ? {} : { Reflection } };
    const service = await startTestService(kindsModule({ controllers }), { overrides });
    const client = clientAt(service.app.ports.grpc, REFLECTION);
    const outcome = await call(client, 'ServerReflectionInfo', { requests: [{ list_services: '*' }] });
    client.close();
    await service.close();
    return outcome;
  }

  it('lists all services, its own too, where the configuration turns it on', async () => {
    const { code, messages } = await listServices(true);
    expect(code).toBe(status.OK);
    const listed = messages[0]?.['list_services_response'] as { service: Array<{ name: string }> };
    expect(listed.service.map(({ name }) => name)).toEqual([
      'grpc.health.v1.Health',
      'grpc.reflection.v1.ServerReflection',
      'grpc.reflection.v1alpha.ServerReflection',
      KINDS,
    ]);
  });

  it.each([false, undefined])('is not there otherwise: %s', async (reflection) => {
    expect((await listServices(reflection)).code).toBe(status.UNIMPLEMENTED);
  });
});

describe('the identity', () => {
  it('is a gauge, and stands in every line', async () => {
    const env = {
      KUN_DOMAIN: 'acme.com',
      KUN_NAMESPACE: 'shop',
      KUN_CLUSTER: 'blue',
      KUN_INSTANCE: 'kinds-7',
      KUN_VERSION: '1.2.3',
    };
    const service = await startTestService(kindsModule({ controllers }), { env });
    await call(service.grpcClient(KINDS), 'Unary');
    const samples = samplesOf(await service.metrics());
    const identity = {
      domain: 'acme.com',
      namespace: 'shop',
      cluster: 'blue',
      service: 'kinds',
      instance: 'kinds-7',
    };
    expect(samples.filter(({ name }) => name === 'kun_info')).toEqual([
      { name: 'kun_info', labels: { ...identity, version: '1.2.3' }, value: 1 },
    ]);
    // Not a label on every series.
    expect(samples.filter(({ labels }) => 'instance' in labels)).toHaveLength(1);
    await service.close();
    expect(service.logs.lines.length).toBeGreaterThan(3);
    expect(service.logs.lines.filter((line) => !isDeepSubset(identity, line))).toEqual([]);
  });
});

function isDeepSubset(
  expected: Readonly<Record<string, unknown>>,
  line: Readonly<Record<string, unknown>>,
): boolean {
  return Object.entries(expected).every(([name, value]) => line[name] === value);
}
