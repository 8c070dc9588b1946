import { assert, property, string, stringMatching } from 'fast-check';
import { Metadata } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { routeNameProblem, routePatternProblem } from './route-name.js';

describe('routeNameProblem', () => {
  it('takes names as users write them', () => {
    for (const name of ['AccountId', 'x-canary', 'x-md-global-color', 'region', 'a.b_c-9', '__proto__']) {
      expect(routeNameProblem(name), name).toBeUndefined();
    }
  });

  it('refuses what is not the service own to set, in any spelling', () => {
    const refused = [
      '',
      'a b',
      'a:b',
      ':authority',
      'naïve',
      'a*',
      'grpc-timeout',
      'GRPC-Foo',
      'token-bin',
      'Token-Bin',
      'te',
      'Connection',
      'content-type',
      'host',
      'authorization',
      'cookie',
      'x-request-id',
      'X-Request-Id',
      'traceparent',
      'tracestate',
      'baggage',
      'b3',
      'x-b3-traceid',
      'x-envoy-max-retries',
      'x-forwarded-for',
      'proxy-authorization',
      'x'.repeat(65),
    ];
    for (const name of refused) expect(routeNameProblem(name), name).toBeTypeOf('string');
  });

  it('takes nothing that grpc-js would refuse', () => {
    const likely = stringMatching(/^[\w.:*-]{1,12}$/);
    for (const names of [string(), likely]) {
      assert(
        property(names, (name) => {
          if (routeNameProblem(name) !== undefined) return;
          expect(() => new Metadata().set(name, 'v')).not.toThrow();
        }),
      );
    }
  });
});

describe('routePatternProblem', () => {
  it('takes a star at the end of a prefix only', () => {
    for (const pattern of ['AccountId', 'x-route-*', 'X-Md-Global-*', 'a.*']) {
      expect(routePatternProblem(pattern), pattern).toBeUndefined();
    }
    for (const pattern of [
      '*',
      '-*',
      'x*',
      'x-*',
      'X-*',
      'x-*-y',
      'x-**',
      'grpc-*',
      'x-envoy-*',
      'x-b3-*',
      'a b-*',
      '',
    ]) {
      expect(routePatternProblem(pattern), pattern).toBeTypeOf('string');
    }
  });
});
