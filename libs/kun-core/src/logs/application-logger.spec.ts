import { describe, expect, it } from 'vitest';
import { runInCall } from '../rpc/current-call.js';
import { FakeCall } from '../testing/fake-call.js';
import { LogRecorder } from '../testing/log-recorder.js';
import { recordedSpan } from '../traces/trace-context.js';
import { openLogger, type ApplicationLoggerOptions } from './application-logger.js';

const identity = {
  domain: '',
  namespace: 'prod',
  cluster: 'a',
  service: 'echo',
  instance: 'echo-1',
  version: '1.2.3',
};

async function setUp(options: Partial<ApplicationLoggerOptions> = {}) {
  const destination = new LogRecorder();
  const logger = await openLogger({ identity, destination, ...options });
  return { destination, logger };
}

describe('openLogger', () => {
  it('writes level as text, time as ISO and who the process is, leaving out what is unknown', async () => {
    const { destination, logger } = await setUp({
      clock: {
        now: () => Date.UTC(2026, 0, 31, 12, 0, 0, 7),
        monotonicMs: () => 0,
        schedule: () => () => {},
      },
    });
    logger.pino.warn({ answer: 42 }, 'hello');
    expect(destination.lines).toEqual([
      {
        level: 'warn',
        time: '2026-01-31T12:00:00.007Z',
        namespace: 'prod',
        cluster: 'a',
        service: 'echo',
        instance: 'echo-1',
        version: '1.2.3',
        answer: 42,
        msg: 'hello',
      },
    ]);
  });

  it('adds the call that the code runs under, its tags as they are then, and its recorded span', async () => {
    const { destination, logger } = await setUp();
    const call = new FakeCall({ requestId: 'r-1' });
    runInCall(call, () => logger.pino.info('before'));
    call.tags.set('account', 'a-17');
    call.set(recordedSpan, {
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
      traceFlags: 1,
    });
    runInCall(call, () => logger.pino.child({ module: 'cache' }).info({ hit: true }, 'after'));
    logger.pino.info('outside');

    const [before, after, outside] = destination.lines;
    expect(before).toMatchObject({
      request_id: 'r-1',
      'grpc.service': 'test.v1.TestService',
      'grpc.method': 'Get',
    });
    expect(before).not.toHaveProperty('tags');
    expect(before).not.toHaveProperty('trace_id');
    expect(after).toMatchObject({
      request_id: 'r-1',
      module: 'cache',
      hit: true,
      tags: { account: 'a-17' },
      trace_id: '0af7651916cd43dd8448eb211c80319c',
      span_id: 'b7ad6b7169203331',
    });
    expect(outside).not.toHaveProperty('request_id');
  });

  it('leaves tags out when they are off, and the call out of bare lines', async () => {
    const { destination, logger } = await setUp({ tags: false });
    const call = new FakeCall({ requestId: 'r-1' });
    call.tags.set('account', 'a-17');
    runInCall(call, () => {
      logger.pino.info('with call');
      logger.linesWith({ about: 'x' }).write('info', '', 'bare');
    });
    expect(destination.lines[0]).not.toHaveProperty('tags');
    expect(destination.lines[1]).not.toHaveProperty('request_id');
  });

  it('changes the level of all derived loggers at once', async () => {
    const { destination, logger } = await setUp({ level: 'error' });
    const child = logger.pino.child({ module: 'x' });
    child.info('no');
    logger.level = 'debug';
    child.debug('yes');
    logger.linesWith({}).write('debug', '', 'yes');
    logger.level = 'silent';
    child.fatal('no');
    expect(logger.level).toBe('silent');
    expect(destination.lines.map((line) => line['msg'])).toEqual(['yes', 'yes']);
  });

  it('counts what was written by level', async () => {
    const { logger } = await setUp();
    logger.pino.info('1');
    logger.linesWith({}).write('info', '', '2');
    logger.pino.error('3');
    logger.pino.debug('not written');
    expect(logger.linesWritten('debug')).toBe(0);
    expect(logger.linesWritten('info')).toBe(2);
    expect(logger.linesWritten('error')).toBe(1);
  });

  it('writes errors with stack and causes, given alone or as a field', async () => {
    const { destination, logger } = await setUp();
    const error = new Error('outer', { cause: new TypeError('inner') });
    logger.pino.error(error);
    logger.pino.error({ error }, 'as a field');
    expect(destination.lines[0]).toMatchObject({
      msg: 'outer',
      err: { type: 'Error', message: 'outer', cause: { type: 'TypeError', message: 'inner' } },
    });
    expect(destination.lines[1]).toHaveProperty('error.stack', expect.stringContaining('outer'));
  });

  it('writes lines for people in development', async () => {
    let text = '';
    const { logger } = await setUp({ development: true, destination: { write: (line) => (text += line) } });
    logger.pino.info({ answer: 42 }, 'hello');
    expect(text).toMatch(/INFO.*hello/);
    expect(text).toContain('answer: 42');
    expect(text).not.toContain('echo-1');
  });

  it('waits for a flush, but not for ever', async () => {
    const { logger } = await setUp({ destination: { write: () => {}, flush: () => new Promise(() => {}) } });
    expect(await logger.flush(1)).toBe(false);
    expect(await (await setUp()).logger.flush()).toBe(true);
  });
});
