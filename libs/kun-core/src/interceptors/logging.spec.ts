import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { ApplicationLogger } from '../logs/application-logger.js';
import type { Ending } from '../rpc/rpc-call.js';
import { describeMethod } from '../rpc/rpc-method.js';
import { codeName, STATUS_CODES } from '../status/code.js';
import { StatusError } from '../status/status-error.js';
import { toStatusError } from '../status/thrown/to-status-error.js';
import { FakeCall, type FakeCallOptions } from '../testing/fake-call.js';
import { LogRecorder } from '../testing/log-recorder.js';
import { loggingInterceptor, type LoggingOptions } from './logging.js';

const identity = {
  domain: '',
  namespace: 'n',
  cluster: 'c',
  service: 's',
  instance: 'i',
};

function setUp(options?: LoggingOptions) {
  const destination = new LogRecorder();
  const logger = new ApplicationLogger({ identity, level: 'debug' }, destination);
  const interceptor = loggingInterceptor(logger, options);
  const run = (
    ending: Partial<Ending> = {},
    fake: FakeCallOptions = {},
    prepare?: (call: FakeCall) => void,
  ) => {
    const call = new FakeCall(fake);
    void interceptor(() => call.ended)(call);
    prepare?.(call);
    call.finish(ending);
    return destination.lines.at(-1);
  };
  return { destination, logger, run };
}

describe('logging', () => {
  it('writes one line for a call, with the fields of go-grpc-middleware', () => {
    const { destination, run } = setUp();
    run({ durationMs: 1.23456 }, { requestId: 'r-1', deadline: Date.UTC(2026, 0, 31, 12, 0, 5) }, (call) =>
      call.tags.set('account', 'a-17'),
    );
    expect(destination.lines).toHaveLength(1);
    expect(destination.lines[0]).toMatchObject({
      level: 'info',
      service: 's',
      protocol: 'grpc',
      'grpc.component': 'server',
      'grpc.service': 'test.v1.TestService',
      'grpc.method': 'Get',
      'grpc.method_type': 'unary',
      'grpc.code': 'OK',
      'grpc.time_ms': 1.235,
      'grpc.start_time': '2026-01-31T12:00:00.000Z',
      'grpc.request.deadline': '2026-01-31T12:00:05.000Z',
      'peer.address': '192.0.2.1:40000',
      request_id: 'r-1',
      tags: { account: 'a-17' },
      msg: 'finished call',
    });
    expect(destination.lines[0]).not.toHaveProperty('err');
  });

  it.each([
    ['server', 'info', 'OK CANCELLED INVALID_ARGUMENT NOT_FOUND ALREADY_EXISTS UNAUTHENTICATED'],
    ['server', 'error', 'UNKNOWN UNIMPLEMENTED INTERNAL DATA_LOSS'],
    ['client', 'info', 'UNKNOWN DEADLINE_EXCEEDED PERMISSION_DENIED UNAUTHENTICATED'],
    ['client', 'warn', 'UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS'],
  ] as const)('puts on the %s at %s: %s', (side, level, codes) => {
    const { run } = setUp({ side, codeNames: 'grpc' });
    const found = STATUS_CODES.filter((code) => run({ code })?.['level'] === level).map(codeName);
    expect(found.join(' ')).toBe(codes);
  });

  it('tells what was thrown, hidden from the caller, with stack and causes', () => {
    const { run } = setUp();
    const thrown = new Error('secret', { cause: new Error('deeper') });
    const error = toStatusError(thrown);
    const line = run({ code: error.code, message: error.message, error });
    expect(line).toMatchObject({
      'grpc.code': 'Internal',
      'grpc.error': 'Internal server error',
      err: { type: 'Error', message: 'secret', cause: { message: 'deeper' } },
    });
    expect(line).toHaveProperty('err.stack', expect.stringContaining('logging.spec'));
  });

  it('tells a refusal by code and message alone', () => {
    const { run } = setUp();
    const error = new StatusError(status.NOT_FOUND, 'no such cache');
    const line = run({ code: error.code, message: error.message, error });
    expect(line).toMatchObject({ level: 'info', 'grpc.error': 'no such cache' });
    expect(line).not.toHaveProperty('err');
  });

  it('says what ended a call that got no status', () => {
    expect(setUp().run({ code: status.CANCELLED, cause: 'connection' })).toMatchObject({
      'grpc.code': 'Canceled',
      'grpc.ended_by': 'connection',
    });
  });

  it('counts the messages of a stream', () => {
    const method = describeMethod('/test.v1.S/Chat', { requestStream: true, responseStream: true });
    const line = setUp().run({}, { method }, (call) => {
      call.receive({});
      call.send({});
      call.send({});
    });
    expect(line).toMatchObject({
      'grpc.method_type': 'bidi_stream',
      'grpc.msg_received': 1,
      'grpc.msg_sent': 2,
    });
  });

  it('puts the plumbing at debug, unless it fails', () => {
    const method = describeMethod('/grpc.health.v1.Health/Check', {
      requestStream: false,
      responseStream: false,
    });
    const { run } = setUp();
    expect(run({}, { method })).toMatchObject({ level: 'debug' });
    expect(run({ code: status.INTERNAL }, { method })).toMatchObject({ level: 'error' });
  });

  it('builds nothing for a level that is off', () => {
    const { destination, logger, run } = setUp();
    logger.level = 'warn';
    let asked = false;
    const call = new FakeCall();
    Object.defineProperty(call, 'peer', { get: () => (asked = true) });
    void loggingInterceptor(logger)(() => call.ended)(call);
    call.finish();
    run({ code: status.UNAVAILABLE });
    expect(asked).toBe(false);
    expect(destination.lines).toHaveLength(1);
  });

  it('leaves out uneventful lines of a hot method, never the others', () => {
    const { destination, run } = setUp({ sampling: { initialPerSecond: 1, thereafter: 5 } });
    for (let i = 0; i < 6; i++) run();
    for (let i = 0; i < 3; i++) run({ code: status.UNAVAILABLE });
    expect(destination.lines.map((line) => [line['grpc.code'], line['log.skipped']])).toEqual([
      ['OK', undefined],
      ['OK', 4],
      ['Unavailable', undefined],
      ['Unavailable', undefined],
      ['Unavailable', undefined],
    ]);
  });
});

describe('lines whose pace callers set', () => {
  const second = (n: number) => Date.UTC(2026, 0, 31, 12, 0, n);

  it.each([
    ['nothing was received', { code: status.INTERNAL }, 0],
    ['refused', { code: status.PERMISSION_DENIED }, 1],
  ])(
    '%s: twenty a second of each method, and the next says how many were left out',
    (_, ending, received) => {
      const { destination, run } = setUp();
      const refused = (at: number) => run(ending, { startedAt: at }, (call) => (call.received = received));
      for (let i = 0; i < 500; i++) refused(second(0));
      expect(destination.lines).toHaveLength(20);
      expect(refused(second(1))).toMatchObject({ 'log.skipped': 480 });
    },
  );

  it('never leaves out what went wrong in a handler', () => {
    const { destination, run } = setUp({ sampling: { initialPerSecond: 1, thereafter: 0 } });
    for (let i = 0; i < 500; i++) run({ code: status.INTERNAL }, {}, (call) => (call.received = 1));
    expect(destination.lines).toHaveLength(500);
  });
});
