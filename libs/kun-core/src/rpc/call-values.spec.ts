import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_REQUEST_ID_LENGTH, requestIdFrom } from './call-values.js';

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
