import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findChanges, sameValue } from './config-change.js';
import { configHash } from '../load/loaded-config.js';
import { formatPath, parsePath, valueAt } from '../config-path.js';
import { Secret } from '../secret.js';

const tree = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(0, 1, '', 'a', true, false, null),
    fc.dictionary(fc.constantFrom('a', 'b', 'a.b', '0', 'x y', '"'), tie('value'), { noNullPrototype: true }),
    fc.array(tie('value'), { maxLength: 2 }),
  ),
})).value;

describe('changes', () => {
  it('are found exactly where two values differ', () => {
    fc.assert(
      fc.property(fc.record({ k: tree }), fc.record({ k: tree }), (before, after) => {
        const changes = findChanges(before, after);
        expect(changes.length === 0).toBe(sameValue(before, after));
        for (const { keys, path, previous, current } of changes) {
          expect(parsePath(path)).toEqual(keys);
          expect(valueAt(before, keys)).toEqual(previous);
          expect(valueAt(after, keys)).toEqual(current);
          expect(sameValue(previous, current)).toBe(false);
        }
      }),
    );
  });

  it('of a secret are seen, without showing it', () => {
    const [one, two] = [Secret.of('one'), Secret.of('two')];
    expect(findChanges({ Key: one }, { Key: Secret.of('one') })).toEqual([]);
    expect(JSON.stringify(findChanges({ Key: one }, { Key: two }))).toBe(
      '[{"path":"Key","keys":["Key"],"previous":"[secret]","current":"[secret]"}]',
    );
  });
});

describe('the hash', () => {
  const hash = (value: unknown): string => configHash(value, (key) => key === 'Pass');

  it('is the same for the same values in any order, and tells others apart', () => {
    expect(hash({ a: 1, b: [true] })).toBe(hash({ b: [true], a: 1 }));
    expect(hash({ a: 1 })).not.toBe(hash({ a: '1' }));
    expect(hash({ a: {} })).not.toBe(hash({ a: [] }));
    expect(hash({ a: 1 })).toMatch(/^[0-9a-f]{12}$/);
  });

  it('does not depend on secrets, so that nobody can guess them', () => {
    expect(hash({ a: Secret.of('x'), Pass: 'x' })).toBe(hash({ a: Secret.of('y'), Pass: 'y' }));
  });
});

describe('a path', () => {
  it('reads back what it writes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string({ minLength: 1 }), fc.nat(9).map(String)), { maxLength: 4 }),
        (keys) => {
          expect(parsePath(formatPath(keys))).toEqual(keys);
        },
      ),
    );
    expect(formatPath(['Zipkin', 'Hosts', 0])).toBe('Zipkin.Hosts[0]');
    expect(parsePath('Zipkin.Hosts.0')).toEqual(['Zipkin', 'Hosts', '0']);
  });

  it('finds own properties only', () => {
    expect(valueAt({ a: { b: 1 } }, 'a.b')).toBe(1);
    expect(valueAt({}, 'constructor.name')).toBeUndefined();
    expect(valueAt({ a: 'text' }, 'a.length')).toBeUndefined();
  });
});
