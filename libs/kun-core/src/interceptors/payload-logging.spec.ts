import { describe, expect, it } from 'vitest';
import { ApplicationLogger } from '../logs/application-logger.js';
import { describeMethod } from '../rpc/rpc-method.js';
import { FakeCall, type FakeCallOptions } from '../testing/fake-call.js';
import { LogRecorder } from '../testing/log-recorder.js';
import { payloadLoggingInterceptor, type PayloadLoggingOptions } from './payload-logging.js';

const identity = { domain: '', namespace: 'n', cluster: 'c', service: 's', instance: 'i' };

function setUp(options?: PayloadLoggingOptions) {
  const destination = new LogRecorder();
  const logger = new ApplicationLogger({ identity }, destination);
  const interceptor = payloadLoggingInterceptor(logger, options);
  const start = (fake?: FakeCallOptions) => {
    const call = new FakeCall(fake);
    void interceptor(() => call.ended)(call);
    return call;
  };
  return { destination, logger, start };
}

describe('payload logging', () => {
  it('logs the request and the response of a unary call', () => {
    const { destination, start } = setUp();
    const call = start({ requestId: 'r-1' });
    call.receive({ message: 'hello' });
    call.send({ message: 'world', instance: 'i' });
    expect(destination.lines).toMatchObject([
      {
        msg: 'request received',
        request_id: 'r-1',
        'grpc.method': 'Get',
        'grpc.request.content': '{"message":"hello"}',
      },
      { msg: 'response sent', 'grpc.response.content': '{"message":"world","instance":"i"}' },
    ]);
    expect(destination.lines[0]).not.toHaveProperty('grpc.msg_id');
  });

  it('has the words of the client on the client', () => {
    const { destination, start } = setUp({ side: 'client' });
    const call = start();
    call.send({ question: 1 });
    call.receive({ answer: 2 });
    expect(destination.lines).toMatchObject([
      { msg: 'request sent', 'grpc.component': 'client', 'grpc.request.content': '{"question":1}' },
      { msg: 'response received', 'grpc.response.content': '{"answer":2}' },
    ]);
  });

  it('counts the messages of a stream in each direction', () => {
    const { destination, start } = setUp();
    const call = start({
      method: describeMethod('/a.B/Chat', { requestStream: true, responseStream: true }),
    });
    call.receive({});
    call.send({});
    call.receive({});
    expect(destination.lines.map((line) => [line['msg'], line['grpc.msg_id']])).toEqual([
      ['request received', 1],
      ['response sent', 1],
      ['request received', 2],
    ]);
  });

  it('says when it cut a message, and masks what it was told to', () => {
    const { destination, start } = setUp({ maxLength: 20, redact: ['user.password'] });
    const call = start();
    call.receive({ user: { password: 'secret' } });
    call.send({ message: 'x'.repeat(1000) });
    expect(destination.lines[0]?.['grpc.request.content']).toBe('{"user":{"password":');
    expect(destination.lines[1]).toMatchObject({
      'grpc.response.content': `{"message":"${'x'.repeat(8)}`,
      'grpc.response.content_cut': true,
    });
    expect(JSON.stringify(destination.lines)).not.toContain('secret');
  });

  it('masks what the proto marks, by the direction of the message', () => {
    const field = { name: 'token', redacted: true, isBytes: false, isMap: false, message: undefined };
    const shapes = new Map([
      [
        '/test.v1.TestService/Get',
        { request: { fields: [field] }, response: { fields: [{ ...field, redacted: false }] } },
      ],
    ]);
    const { destination, start } = setUp({ shapes });
    const call = start();
    call.receive({ token: 'secret', unknown: 'left out' });
    call.send({ token: 'public' });
    expect(
      destination.lines.map((line) => line['grpc.request.content'] ?? line['grpc.response.content']),
    ).toEqual(['{"token":"[redacted]"}', '{"token":"public"}']);
  });

  it('leaves the plumbing alone, and does nothing while the level is off', () => {
    const { destination, logger, start } = setUp();
    const health = describeMethod('/grpc.health.v1.Health/Check', {
      requestStream: false,
      responseStream: false,
    });
    start({ method: health }).receive({});
    logger.level = 'warn';
    start().receive({
      get message() {
        throw new Error('not to be read');
      },
    });
    expect(destination.lines).toEqual([]);
  });
});
