import {
  credentials,
  makeGenericClientConstructor,
  Metadata,
  Server,
  ServerCredentials,
  status,
  type ServiceError,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { EVERY_DETAIL } from '../../../test/every-detail.js';
import { findDetail, fromServiceError, isServiceError } from './service-error.js';
import { StatusError } from '../status-error.js';
import { toTrailers } from './trailers.js';

const DEFINITION = {
  fail: {
    path: '/kun.test.v1.Failing/Fail',
    requestStream: false,
    responseStream: false,
    requestSerialize: (value: Buffer) => value,
    requestDeserialize: (value: Buffer) => value,
    responseSerialize: (value: Buffer) => value,
    responseDeserialize: (value: Buffer) => value,
  },
} as const;

const cleanups: Array<() => void> = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

describe('over the wire', () => {
  it('an error arrives as it was thrown', async () => {
    const metadata = new Metadata();
    metadata.set('hint', 'h');
    const thrown = new StatusError(status.NOT_FOUND, 'Größe 100 %: 日本 🎉\n#?', {
      details: EVERY_DETAIL,
      metadata,
    });
    const received = await callThatFailsWith(thrown);
    expect(isServiceError(received)).toBe(true);
    expect(findDetail(received, 'google.rpc.RetryInfo')?.retryDelayMs).toBe(1500.000001);
    const error = fromServiceError(received);
    expect(error).toMatchObject({ code: thrown.code, message: thrown.message, cause: received });
    expect(error.details).toEqual(EVERY_DETAIL);
    expect(error.metadata.get('hint')).toEqual(['h']);
    expect(findDetail(error, 'google.rpc.Help')).toEqual(EVERY_DETAIL[8]);
  });

  it('a message that encodeURI would refuse arrives too', async () => {
    const received = await callThatFailsWith(new StatusError(status.NOT_FOUND, 'a\ud800b'));
    expect(received.details).toBe('a\ufffdb');
  });
});

describe('fromServiceError', () => {
  it.each([0, 17, -1, 2.5, NaN])('reads the code %d as UNKNOWN', (code: status) => {
    expect(fromServiceError({ code, details: 'x', metadata: new Metadata() }).code).toBe(status.UNKNOWN);
  });

  it('keeps code and message when the details do not parse', () => {
    const metadata = new Metadata();
    metadata.set('grpc-status-details-bin', Buffer.from([0xff, 0xff, 0xff]));
    const error = fromServiceError({ code: status.ABORTED, details: 'lost a race', metadata });
    expect(error).toMatchObject({ code: status.ABORTED, message: 'lost a race', details: [] });
  });
});

describe('findDetail', () => {
  it.each([undefined, 'text', new Error('x'), { details: [] }])('finds nothing in %s', (value) => {
    expect(findDetail(value, 'google.rpc.ErrorInfo')).toBeUndefined();
  });
});

async function callThatFailsWith(error: StatusError): Promise<ServiceError> {
  const server = new Server();
  const implementation: UntypedServiceImplementation = {
    fail: (_call: unknown, callback: (failure: object) => void) => callback(toTrailers(error)),
  };
  server.addService(DEFINITION, implementation);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (failure, bound) =>
      failure ? reject(failure) : resolve(bound),
    );
  });
  cleanups.push(() => server.forceShutdown());
  const client = new (makeGenericClientConstructor(DEFINITION, 'Failing'))(
    `127.0.0.1:${port}`,
    credentials.createInsecure(),
  );
  cleanups.push(() => client.close());
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      DEFINITION.fail.path,
      DEFINITION.fail.requestSerialize,
      DEFINITION.fail.responseDeserialize,
      Buffer.alloc(0),
      (failure) => (failure ? resolve(failure) : reject(new Error('the call did not fail'))),
    );
  });
}
