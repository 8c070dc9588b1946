import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, startCall } from './call.js';
import { buildFixtures, type FixturePrograms } from './fixture-program.js';
import { sumOf } from './metrics-text.js';
import { REPOSITORY } from './running-process.js';
import { serviceIn, SpawnedService, type SpawnOptions } from './spawned-service.js';

// Whoever starts through kun gets kun's whole life, whichever way to start it is that the documents of Nest or kun show;
// what cannot be had within it is refused, and says what to write instead.

const KINDS_SERVICE = serviceIn(`${REPOSITORY}/test/fixtures/kinds.proto`, 'kun.test.v1.Kinds');

let fixtures: FixturePrograms;
beforeAll(async () => {
  fixtures = await buildFixtures();
});
afterAll(() => fixtures[Symbol.asyncDispose]());

function options(entrance: string, more: SpawnOptions = {}): SpawnOptions {
  const env = { ENTRANCE: entrance, ...more.env };
  return { main: fixtures.main('entrances'), service: 'kinds', ...more, env };
}

const start = (entrance: string, more?: SpawnOptions) => SpawnedService.start(options(entrance, more));
const spawn = (entrance: string, more?: SpawnOptions) => SpawnedService.spawn(options(entrance, more));

/** A call that takes a second and a half, once the service has it. */
async function slowCall(service: SpawnedService) {
  const slow = startCall(service.grpcClient(KINDS_SERVICE), 'Unary', { requests: [{ n: 1500 }] });
  const inFlight = async () =>
    sumOf((await service.admin('/metrics')).body, 'grpc_server_in_flight', { grpc_method: 'Unary' });
  await expect.poll(inFlight).toBe(1);
  return slow;
}

const answered = { code: status.OK, messages: [{ text: 'answered' }] };

describe.each([
  'run',
  'run with prepare',
  'create and start',
  'create and start with shutdown hooks',
  'listen',
  'listen with a host',
  'hybrid with TCP',
  'two applications',
])('%s', (entrance) => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'answers the call in flight at %s, drains and exits 0',
    async (signal) => {
      await using service = await start(entrance);
      const slow = await slowCall(service);
      service.process.kill(signal);
      expect(await slow.outcome).toMatchObject(answered);
      expect(await service.end).toEqual({ code: 0, signal: null });
      const applications = entrance === 'two applications' ? 2 : 1;
      const reports = service.process.withMessage('stopped');
      expect(reports).toHaveLength(applications);
      expect(reports).toContainEqual(expect.objectContaining({ reason: signal, clean: true, drained: 1 }));
      expect(service.process.withMessage('destroyed')).toHaveLength(applications);
      expect(service.process.stderr).toBe('');
    },
  );

  it('is forced by a second signal, and exits 1', async () => {
    await using service = await start(entrance);
    const slow = startCall(service.grpcClient(KINDS_SERVICE), 'Unary', { requests: [{ n: 600_000 }] });
    await service.process.line(({ msg }) => msg === 'began');
    service.process.kill('SIGINT');
    await expect.poll(async () => (await service.admin('/readyz')).status).toBe(503);
    service.process.kill('SIGINT');
    expect((await slow.outcome).code).toBe(status.UNAVAILABLE);
    expect(await service.end).toEqual({ code: 1, signal: null });
  });
});

describe('what the ways to start have in common', () => {
  it('app.listen opens HTTP on its port, gRPC, admin port and probes, and calls back', async () => {
    await using service = await start('listen', { env: { HTTP_PORT: '0' } });
    const { http, grpc, admin } = (await service.serving())?.['ports'] as Record<string, number>;
    expect([grpc, admin]).toEqual([service.ports.grpc, service.ports.admin]);
    expect((await fetch(`http://127.0.0.1:${http}/`)).status).toBe(404);
    expect((await service.admin('/readyz')).status).toBe(200);
    expect(await service.process.line(({ msg }) => msg === 'callback')).toBeDefined();
  });

  it('connectMicroservice of another transport is started last, and closed while everything it uses still exists', async () => {
    await using service = await start('hybrid with TCP');
    const [port] = (await service.process.line(({ msg }) => msg === 'tcp'))?.['ports'] as number[];
    expect(await shout(port ?? 0, 'hello')).toBe('HELLO');
    service.process.kill('SIGTERM');
    expect(await service.end).toEqual({ code: 0, signal: null });
    const phases = Object.keys(service.report?.['phases_ms'] ?? {});
    expect(phases.indexOf('microservices')).toBeLessThan(phases.indexOf('stop callbacks'));
    expect(phases.indexOf('microservices')).toBeGreaterThan(phases.indexOf('gRPC port'));
  });

  it('enableShutdownHooks adds its signals to SIGTERM and SIGINT', async () => {
    await using service = await start('create and start with shutdown hooks');
    const slow = await slowCall(service);
    service.process.kill('SIGHUP');
    expect(await slow.outcome).toMatchObject(answered);
    expect(await service.end).toEqual({ code: 0, signal: null });
    expect(service.report).toMatchObject({ reason: 'SIGHUP', drained: 1 });
  });

  it('app.close() drains, does not end the process, and leaves no listener behind', async () => {
    await using service = await start('stop by the service itself');
    const slow = await slowCall(service);
    service.process.kill('SIGUSR2');
    expect(await slow.outcome).toMatchObject(answered);
    expect(await service.process.line(({ msg }) => msg === 'closed')).toMatchObject({ listeners: 0 });
    // It ends since nothing holds it.
    expect(await service.end).toEqual({ code: 0, signal: null });
  });

  it('app.close() ends a process that is KunFactory.run', async () => {
    await using service = await start('run, stopped by the service itself');
    const slow = await slowCall(service);
    service.process.kill('SIGUSR2');
    expect(await slow.outcome).toMatchObject(answered);
    expect(await service.end).toEqual({ code: 0, signal: null });
    expect(service.report).toMatchObject({ reason: 'close()', drained: 1 });
  });

  it('process.exit() while it serves is reported, since nothing can drain then', async () => {
    await using service = await start('process.exit');
    await slowCall(service);
    service.process.kill('SIGUSR2');
    expect(await service.end).toEqual({ code: 7, signal: null });
    const [line] = service.process.lines.filter(({ level }) => level === 'error');
    expect(line).toMatchObject({
      exit_code: 7,
      state: 'serving',
      msg: expect.stringContaining('app.close() drains'),
    });
  });

  it.each([
    ['during prepare', 'run with a prepare that hangs', 'preparing'],
    ['between create and start', 'create, and nothing else', 'created'],
  ])('a signal %s closes what was made and ends the process', async (_, entrance, said) => {
    await using service = await spawn(entrance);
    await service.process.line(({ msg }) => msg === said);
    service.process.kill('SIGTERM');
    expect(await service.end).toEqual({ code: 0, signal: null });
    expect(service.process.withMessage('destroyed')).toHaveLength(1);
    expect(service.report).toMatchObject({ reason: 'SIGTERM', clean: true });
    expect(service.process.withMessage('serving')).toEqual([]);
  });

  it('a signal after the stop changes nothing', async () => {
    await using service = await start('run, told again after the stop');
    service.process.kill('SIGTERM');
    expect(await service.end).toEqual({ code: 0, signal: null });
  });

  it('a prepare that fails is a start that fails: one line, one message, exit 1', async () => {
    await using service = await spawn('run with a prepare that fails');
    expect(await service.end).toEqual({ code: 1, signal: null });
    expect(service.process.stderr).toMatch(/^cannot start \(prepare\): Error: no pipes today\n {4}at /);
    const errors = service.process.lines.filter(({ level }) => level === 'error');
    expect(errors).toMatchObject([{ phase: 'prepare', err: { message: 'no pipes today' } }]);
    expect(service.report).toBeUndefined();
    expect(service.process.withMessage('destroyed')).toHaveLength(1);
  });
});

describe('what is refused', () => {
  it.each([
    ['init', 'call app.start()'],
    ['startAllMicroservices', 'remove the call'],
    ['connectMicroservice of gRPC', 'KunModule.forRoot({ proto })'],
    ['connectMicroservice of gRPC, made by a factory', 'KunModule.forRoot({ proto })'],
    ['listen on a pipe', 'expected a TCP port'],
  ])('%s says what to write instead, once in the log and once for people', async (entrance, remedy) => {
    await using service = await spawn(entrance);
    expect(await service.end).toEqual({ code: 1, signal: null });
    const { stderr, lines } = service.process;
    expect(stderr).toMatch(/^cannot start: .+\n$/);
    expect(stderr).toContain(remedy);
    const errors = lines.filter(({ level }) => level === 'error');
    expect(errors).toMatchObject([{ type: 'EntranceError', msg: expect.stringContaining(remedy) }]);
    expect(service.report).toBeUndefined();
    expect(service.process.withMessage('destroyed')).toHaveLength(1);
  });

  it('app.listen and HTTPServer.Port that name two ports', async () => {
    await using service = await spawn('listen', { http: true, env: { HTTP_PORT: '1' } });
    expect(await service.end).toEqual({ code: 1, signal: null });
    expect(service.process.stderr).toContain('specify two different HTTP ports');
  });

  it.each([
    ['connectMicroservice after the start', 'must be called before the start'],
    ['start and listen', 'remove app.start()'],
    ['start twice', 'may be called only once'],
  ])('%s ends the process, which drains', async (entrance, remedy) => {
    await using service = await spawn(entrance);
    expect(await service.end).toEqual({ code: 1, signal: null });
    const [fatal] = service.process.lines.filter(({ level }) => level === 'fatal');
    expect(fatal).toMatchObject({ err: { message: expect.stringContaining(remedy) } });
    expect(service.report).toMatchObject({ clean: false });
    expect(service.process.withMessage('destroyed')).toHaveLength(1);
  });

  it.each(['NestFactory.create', 'NestFactory.createMicroservice', 'NestFactory.createApplicationContext'])(
    '%s with KunModule names the ways there are',
    async (entrance) => {
      await using service = await spawn(entrance);
      expect((await service.end).code).not.toBe(0);
      const said = service.process.stdout + service.process.stderr;
      expect(said).toContain('EntranceError: KunModule requires an application created by KunFactory');
      expect(said).not.toContain("can't resolve dependencies");
    },
  );
});

describe('an HTTP request on a port of app.listen', () => {
  it('has its answer at SIGTERM', async () => {
    await using service = await start('listen');
    const { http } = (await service.serving())?.['ports'] as Record<string, number>;
    const response = fetch(`http://127.0.0.1:${http}/slow`);
    await service.process.line(({ msg }) => msg === 'began');
    service.process.kill('SIGTERM');
    expect(await (await response).text()).toBe('answered');
    expect(await service.end).toEqual({ code: 0, signal: null });
    expect(await call(service.grpcClient(KINDS_SERVICE), 'Unary')).toMatchObject({
      code: status.UNAVAILABLE,
    });
  });
});

/** Nest's own form of a message over TCP: its length in characters, `#`, JSON. */
async function shout(port: number, data: string): Promise<unknown> {
  const { connect } = await import('node:net');
  const socket = connect(port, '127.0.0.1');
  const message = JSON.stringify({ pattern: 'shout', data, id: '1' });
  socket.write(`${message.length}#${message}`);
  for await (const chunk of socket) {
    const text = String(chunk);
    return (JSON.parse(text.slice(text.indexOf('#') + 1)) as { response: unknown }).response;
  }
  return undefined;
}
