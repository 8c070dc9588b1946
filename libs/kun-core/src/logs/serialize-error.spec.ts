import { status } from '@grpc/grpc-js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StatusError } from '../status/status-error.js';
import { MAX_CAUSES, serializeError } from './serialize-error.js';

describe('serializeError', () => {
  it('tells a status error by code name and details, not its metadata', () => {
    const error = new StatusError(status.NOT_FOUND, 'no such cache', {
      details: [
        { type: 'google.rpc.ErrorInfo', reason: 'GONE', domain: 'x', metadata: {} },
        { type: 'google.protobuf.Any', typeUrl: 'type.googleapis.com/a.B', value: new Uint8Array(1000) },
      ],
    });
    const described = serializeError(error);
    expect(described).toMatchObject({
      type: 'StatusError',
      message: 'no such cache',
      code: 'NOT_FOUND',
      details: [{ reason: 'GONE' }, { typeUrl: 'type.googleapis.com/a.B', bytes: 1000 }],
    });
    expect(described).not.toHaveProperty('metadata');
    expect(described).not.toHaveProperty('hidesCause');
  });

  it('keeps plain fields and leaves out objects, which carry secrets', () => {
    const error = Object.assign(new Error('refused'), {
      code: 'ECONNREFUSED',
      port: 1,
      config: { headers: { authorization: 'secret' } },
    });
    expect(serializeError(error)).toMatchObject({ code: 'ECONNREFUSED', port: 1 });
    expect(JSON.stringify(serializeError(error))).not.toContain('secret');
  });

  it('ends for an error that is its own cause', () => {
    const error = new Error('loop');
    error.cause = error;
    let described: unknown = serializeError(error);
    let depth = 0;
    while (typeof described === 'object' && described !== null && 'cause' in described) {
      described = described.cause;
      depth++;
    }
    expect(depth).toBe(MAX_CAUSES);
  });

  it('tells the parts of an aggregate', () => {
    expect(serializeError(new AggregateError([new Error('a'), 'b'], 'both'))).toMatchObject({
      errors: [{ message: 'a' }, 'b'],
    });
  });

  it('survives hostile values', () => {
    const hostile = new Error('x');
    Object.defineProperty(hostile, 'message', {
      get: () => {
        throw new Error('no');
      },
    });
    expect(serializeError(hostile)).toBe('an unreadable value');
    expect(serializeError(Object.create(null))).toBe('{}');
  });

  it('gives something that can be written for whatever is thrown', () => {
    fc.assert(
      fc.property(fc.anything(), (thrown) => {
        expect(JSON.stringify(serializeError(thrown)).length).toBeLessThan(20_000);
      }),
    );
  });
});
