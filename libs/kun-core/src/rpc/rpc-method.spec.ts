import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeMethod, UNKNOWN_METHOD } from './rpc-method.js';

const unary = { requestStream: false, responseStream: false };

describe('a method', () => {
  it.each([
    [false, false, 'unary', 'unary'],
    [false, true, 'server_streaming', 'server_stream'],
    [true, false, 'client_streaming', 'client_stream'],
    [true, true, 'bidi_streaming', 'bidi_stream'],
  ] as const)(
    'of request stream %s, response stream %s is %s',
    (requestStream, responseStream, kind, label) => {
      expect(describeMethod('/shop.v1.Orders/Get', { requestStream, responseStream })).toEqual({
        path: '/shop.v1.Orders/Get',
        service: 'shop.v1.Orders',
        name: 'Get',
        kind,
        typeLabel: label,
        requestStream,
        responseStream,
        infrastructure: false,
        idempotent: false,
      });
    },
  );

  it.each([
    ['IDEMPOTENT', true],
    ['NO_SIDE_EFFECTS', true],
    ['IDEMPOTENCY_UNKNOWN', false],
    [undefined, false],
  ])('may be called again without harm where its proto says so: %s', (level, idempotent) => {
    const options = { idempotency_level: level };
    expect(describeMethod('/a.A/B', { ...unary, options }).idempotent).toBe(idempotent);
  });

  it.each([
    ['/grpc.health.v1.Health/Check', true],
    ['/grpc.reflection.v1.ServerReflection/ServerReflectionInfo', true],
    ['/grpcshop.v1.Orders/Get', false],
    ['/acme.grpc.v1.Orders/Get', false],
    ['/Orders/Get', false],
  ])('is plumbing or the user’s own: %s', (path, infrastructure) => {
    expect(describeMethod(path, unary).infrastructure).toBe(infrastructure);
  });

  it('cannot be changed, since every call of it has the same object', () => {
    for (const method of [describeMethod('/a.A/B', unary), UNKNOWN_METHOD]) {
      expect(Object.isFrozen(method)).toBe(true);
    }
  });

  it('is put together again of its parts, whatever its names', () => {
    const name = fc.stringMatching(/^[A-Za-z_]\w{0,12}$/);
    const service = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('.'));
    fc.assert(
      fc.property(service, name, fc.boolean(), fc.boolean(), (of, called, requestStream, responseStream) => {
        const method = describeMethod(`/${of}/${called}`, { requestStream, responseStream });
        expect(`/${method.service}/${method.name}`).toBe(method.path);
        expect(method.kind.endsWith('streaming')).toBe(requestStream || responseStream);
        expect(method.typeLabel).toBe(method.kind.replace(/ing$/, ''));
      }),
    );
  });
});

it('that no service has does not let callers create a series, and is not cached', () => {
  expect(UNKNOWN_METHOD).toMatchObject({ path: '/_OTHER/_OTHER', typeLabel: 'unknown', idempotent: false });
});
