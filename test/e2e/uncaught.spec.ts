import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCall } from './call.js';
import { buildFixtures, type FixturePrograms } from './fixture-program.js';
import { sumOf } from './metrics-text.js';
import { REPOSITORY } from './running-process.js';
import { serviceIn, SpawnedService, type SpawnOptions } from './spawned-service.js';

// Errors outside of any handler's own promise: the process can no longer be trusted, and its end is one that loses no
// call and says why.

const KINDS_SERVICE = serviceIn(`${REPOSITORY}/test/fixtures/kinds.proto`, 'kun.test.v1.Kinds');
const EXIT_NO = { ExitOnUnhandledRejection: false } as unknown as SpawnOptions['config'];

let fixtures: FixturePrograms;
beforeAll(async () => {
  fixtures = await buildFixtures();
});
afterAll(() => fixtures[Symbol.asyncDispose]());

const start = (options: SpawnOptions = {}) =>
  SpawnedService.start({ main: fixtures.main('uncaught'), service: 'kinds', ...options });

/** A call that is in flight for half a second while another one leaves the error behind. */
async function provoke(service: SpawnedService, error: string, metadata: Record<string, string> = {}) {
  const client = service.grpcClient(KINDS_SERVICE);
  const slow = startCall(client, 'Unary', { requests: [{ n: 500, text: 'none' }] });
  const inFlight = async () =>
    sumOf((await service.admin('/metrics')).body, 'grpc_server_in_flight', { grpc_method: 'Unary' });
  await expect.poll(inFlight).toBe(1);
  const culprit = startCall(client, 'Unary', {
    requests: [{ n: 100, text: error }],
    metadata: { 'x-request-id': 'r-17', ...metadata },
  });
  return { slow: await slow.outcome, culprit: await culprit.outcome };
}

const answered = { code: status.OK, messages: [{ text: 'answered' }] };
const fatalsOf = (service: SpawnedService) => service.process.lines.filter(({ level }) => level === 'fatal');

describe('an uncaught error', () => {
  it.each([
    ['timer', 'uncaughtException', 'boom'],
    ['immediate', 'uncaughtException', 'boom'],
    ['nextTick', 'uncaughtException', 'boom'],
    ['microtask', 'uncaughtException', 'boom'],
    ['floating promise', 'unhandledRejection', 'boom'],
    ['floating async function', 'unhandledRejection', 'boom'],
    ['error event', 'uncaughtException', 'boom'],
    ['socket error', 'uncaughtException', 'ECONNREFUSED'],
    ['observable without error handler', 'uncaughtException', 'boom'],
    ['interceptor', 'uncaughtException', 'boom'],
  ])('of a %s is one line with the call, and a drain that loses none', async (error, origin, message) => {
    await using service = await start({ env: { KUN_VERSION: '1.2.3' } });
    const metadata: Record<string, string> = error === 'interceptor' ? { interceptor: 'yes' } : {};
    const { slow, culprit } = await provoke(service, error, metadata);
    expect(slow).toMatchObject(answered);
    expect(culprit).toMatchObject(answered);
    expect(await service.end).toEqual({ code: 1, signal: null });
    expect(fatalsOf(service)).toEqual([
      expect.objectContaining({
        service: 'kinds',
        version: '1.2.3',
        request_id: 'r-17',
        'grpc.method': 'Unary',
        origin,
        err: expect.objectContaining({
          message: expect.stringContaining(message),
          stack: expect.stringContaining(message),
        }),
        msg: expect.stringContaining('the process drains and ends'),
      }),
    ]);
    expect(service.report).toMatchObject({ reason: origin, clean: false, forced: 0 });
    expect(service.report).not.toHaveProperty('request_id');
    expect(service.process.stderr).toBe('');
  });

  it.each([
    ['a rejection with a text', 'boom'],
    ['a rejection with nothing', 'undefined'],
    ['a thrown object', 'an object that is not an error, with the fields: code, password'],
  ])('that is none: %s', async (error, text) => {
    await using service = await start();
    expect((await provoke(service, error)).slow).toMatchObject(answered);
    expect(await service.end).toEqual({ code: 1, signal: null });
    expect(fatalsOf(service)).toHaveLength(1);
    expect(fatalsOf(service)[0]?.['err']).toMatchObject({ type: 'ThrownValueError', message: text });
    expect(service.process.stdout).not.toContain('hunter2');
  });

  it('forces the stop when it comes again, and does not fill the log', async () => {
    await using service = await start();
    const stuck = startCall(service.grpcClient(KINDS_SERVICE), 'Unary', { requests: [{ n: 600_000 }] });
    await provoke(service, 'again and again');
    expect((await stuck.outcome).code).toBe(status.UNAVAILABLE);
    expect(await service.end).toEqual({ code: 1, signal: null });
    expect(fatalsOf(service).map(({ msg }) => msg)).toEqual([
      'nobody caught an error: the process drains and ends',
      'nobody caught an error: the stop is forced',
    ]);
    expect(service.report).toMatchObject({ clean: false });
    expect(service.report?.['forced']).toBeGreaterThanOrEqual(1);
  });

  it("comes to the service's own handlers, too, which do not keep the process alive", async () => {
    await using service = await start();
    expect((await provoke(service, 'an own handler')).slow).toMatchObject(answered);
    expect(await service.end).toEqual({ code: 1, signal: null });
    expect(service.process.withMessage('own handler')).toHaveLength(1);
    expect(fatalsOf(service)).toHaveLength(1);
  });

  it.each(['made', 'start'])('while the service is being %s ends the start', async (when) => {
    await using service = await SpawnedService.spawn({
      main: fixtures.main('uncaught'),
      service: 'kinds',
      env: { WHEN: when },
    });
    expect(await service.end).toEqual({ code: 1, signal: null });
    expect(fatalsOf(service)).toMatchObject([{ err: { message: 'boom' } }]);
  });

  it('during a stop makes its exit code 1 and cuts nothing', async () => {
    await using service = await start({ env: { WHEN: 'stop' } });
    service.process.kill('SIGTERM');
    expect(await service.end).toEqual({ code: 1, signal: null });
    expect(fatalsOf(service)).toHaveLength(1);
    expect(service.report).toMatchObject({ reason: 'SIGTERM', clean: false, forced: 0 });
  });
});

describe('ExitOnUnhandledRejection: no', () => {
  it.each(['floating promise', 'floating async function', 'a rejection with a text'])(
    'logs and counts a %s, and serves on',
    async (error) => {
      await using service = await start({ config: EXIT_NO! });
      for (const round of [1, 2, 3]) {
        expect((await provoke(service, error)).slow).toMatchObject(answered);
        const { body } = await service.admin('/metrics');
        expect(sumOf(body, 'kun_unhandled_rejections_total', {})).toBe(round);
      }
      const lines = service.process.withMessage('nobody handled a rejection');
      expect(lines).toHaveLength(3);
      expect(lines[0]).toMatchObject({ level: 'error', request_id: 'r-17', origin: 'unhandledRejection' });
      service.process.kill('SIGTERM');
      expect(await service.end).toEqual({ code: 0, signal: null });
    },
  );

  it('says nothing of errors that are thrown', async () => {
    await using service = await start({ config: EXIT_NO! });
    expect((await provoke(service, 'timer')).slow).toMatchObject(answered);
    expect(await service.end).toEqual({ code: 1, signal: null });
  });
});
