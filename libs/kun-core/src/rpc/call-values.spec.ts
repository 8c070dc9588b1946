import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  contextKey,
  hasRoutes,
  MAX_REQUEST_ID_LENGTH,
  NO_ROUTES,
  requestIdFrom,
  routeAttributes,
  Tags,
  type TagValue,
} from './call-values.js';
import { FakeCall } from '../testing/fake-call.js';

describe('requestIdFrom', () => {
  it.each([
    'a',
    '7f3c9c1e-8b1f-4d3a-9f0e-2b6c5d4e3f2a',
    'Root=1-67891233-abcdef012345678912345678',
    'a.b:c/d+e=@_',
  ])('takes over %s', (id) => expect(requestIdFrom(id)).toBe(id));

  it('makes one in place of anything that is not safe to repeat', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.anything()), (inbound) => {
        expect(requestIdFrom(inbound)).toMatch(/^[\w.:=+/@-]{1,128}$/);
      }),
    );
  });

  it('makes one in place of a long one, and none twice', () => {
    const long = 'a'.repeat(MAX_REQUEST_ID_LENGTH + 1);
    expect(requestIdFrom(long)).not.toBe(long);
    expect(requestIdFrom('a\n')).not.toBe('a\n');
    expect(requestIdFrom(undefined)).not.toBe(requestIdFrom(undefined));
  });
});

describe('Tags', () => {
  it('are a map of which the later value wins, and a plain copy of it', () => {
    const value: fc.Arbitrary<TagValue> = fc.oneof(fc.string(), fc.integer(), fc.boolean());
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string(), value)), (entries) => {
        const tags = new Tags();
        for (const [name, tag] of entries) expect(tags.set(name, tag)).toBe(tags);
        const expected = new Map(entries);
        expect([...tags]).toEqual([...expected]);
        expect(tags.size).toBe(expected.size);
        expect(tags.toJSON()).toEqual(Object.fromEntries(expected));
        for (const [name, tag] of expected) expect(tags.get(name)).toBe(tag);
      }),
    );
  });

  it('are none until one is set', () => {
    const tags = new Tags();
    expect([tags.size, [...tags], tags.toJSON(), tags.get('a')]).toEqual([0, [], {}, undefined]);
  });
});

describe('contextKey', () => {
  it('is itself and no other of its name, with a default until something was set', () => {
    const [a, b] = [contextKey('tenant', 'none'), contextKey<string | undefined>('tenant', undefined)];
    const call = new FakeCall();
    expect([call.get(a), call.get(b)]).toEqual(['none', undefined]);
    call.set(a, 'acme');
    expect([call.get(a), call.get(b)]).toEqual(['acme', undefined]);
    expect(new FakeCall().get(a)).toBe('none');
    expect(Object.isFrozen(a)).toBe(true);
  });
});

describe('routes', () => {
  it('are attributes by their name on the wire', () => {
    expect(hasRoutes(NO_ROUTES)).toBe(false);
    expect(hasRoutes({ AccountId: '42' })).toBe(true);
    expect(routeAttributes({ AccountId: '42', tenant: 'a' })).toEqual({
      'kun.route.accountid': '42',
      'kun.route.tenant': 'a',
    });
  });
});
