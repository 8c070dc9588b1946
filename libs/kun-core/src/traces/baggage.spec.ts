import { baggageEntryMetadataFromString, propagation, ROOT_CONTEXT } from '@opentelemetry/api';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { baggageHeader, readBaggage } from './baggage.js';

const entriesOf = (header: string | undefined) =>
  Object.fromEntries(
    (propagation.getBaggage(readBaggage(ROOT_CONTEXT, header))?.getAllEntries() ?? []).map(
      ([key, { value }]) => [key, value],
    ),
  );

const withBaggage = (entries: Readonly<Record<string, string>>) =>
  propagation.setBaggage(
    ROOT_CONTEXT,
    propagation.createBaggage(
      Object.fromEntries(Object.entries(entries).map(([key, value]) => [key, { value }])),
    ),
  );

describe('readBaggage', () => {
  it.each<[header: string | undefined, entries: Record<string, string>]>([
    [undefined, {}],
    ['', {}],
    ['tenant=a', { tenant: 'a' }],
    [' tenant = a , plan=b%20c ', { tenant: 'a', plan: 'b c' }],
    ['tenant=a=b', { tenant: 'a=b' }],
    ['tenant=', { tenant: '' }],
    // Malformed members are left out, and spoil no other.
    ['tenant=a,,nothing,=x,in valid=1,broken=%E0%A4,plan=b', { tenant: 'a', plan: 'b' }],
    ['{json}=1,plan=b', { plan: 'b' }],
    ['a=1,a=2', { a: '2' }],
  ])('takes %j for %j', (header, entries) => {
    expect(entriesOf(header)).toEqual(entries);
  });

  it('keeps the properties of a member', () => {
    const context = readBaggage(ROOT_CONTEXT, 'tenant=a;ttl=5;private');
    const entry = propagation.getBaggage(context)?.getEntry('tenant');
    expect([entry?.value, entry?.metadata?.toString()]).toEqual(['a', 'ttl=5;private']);
    expect(baggageHeader(context)).toBe('tenant=a;ttl=5;private');
  });

  it('takes nothing of a header above 8192 bytes, and 64 members at most', () => {
    expect(entriesOf(`a=${'x'.repeat(8190)}`)).toEqual({ a: 'x'.repeat(8190) });
    expect(entriesOf(`a=${'x'.repeat(8191)}`)).toEqual({});
    const many = Array.from({ length: 70 }, (_, i) => `k${i}=v`).join(',');
    expect(Object.keys(entriesOf(many))).toHaveLength(64);
  });

  it('leaves the context unchanged if there is none', () => {
    expect(readBaggage(ROOT_CONTEXT, 'nothing')).toBe(ROOT_CONTEXT);
  });

  it('takes names of properties of objects for names', () => {
    expect(
      propagation.getBaggage(readBaggage(ROOT_CONTEXT, 'constructor=a,toString=b'))?.getAllEntries(),
    ).toHaveLength(2);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('never throws, whatever a caller sends', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (header) => void readBaggage(ROOT_CONTEXT, header)));
  });
});

describe('baggageHeader', () => {
  it('is undefined where nothing is to be told', () => {
    expect(baggageHeader(ROOT_CONTEXT)).toBeUndefined();
    expect(baggageHeader(withBaggage({ 'in valid': 'a' }))).toBeUndefined();
  });

  it('tells what another kun reads, whatever the values', () => {
    const key = fc.stringMatching(/^[a-z][a-z0-9_.-]{0,12}$/);
    fc.assert(
      fc.property(
        fc.dictionary(key, fc.string({ unit: 'grapheme', maxLength: 40 }), {
          maxKeys: 20,
          noNullPrototype: true,
        }),
        (entries) => {
          expect(entriesOf(baggageHeader(withBaggage(entries)))).toEqual(entries);
        },
      ),
    );
  });

  it('replaces half of a surrogate pair by the replacement character', () => {
    expect(baggageHeader(withBaggage({ a: 'x\ud800' }))).toBe('a=x%EF%BF%BD');
  });

  it('stays within 8192 bytes and 64 members, and leaves whole members out', () => {
    const large = baggageHeader(withBaggage({ a: 'x'.repeat(8000), b: 'y'.repeat(500), c: 'z' }));
    expect(large).toBe(`a=${'x'.repeat(8000)},c=z`);
    const many = Object.fromEntries(Array.from({ length: 70 }, (_, i) => [`k${i}`, 'v']));
    expect(baggageHeader(withBaggage(many))?.split(',')).toHaveLength(64);
  });

  it('leaves out a member whose properties no header can carry', () => {
    const metadata = baggageEntryMetadataFromString('note=\r\nx-admin: 1');
    const baggage = propagation.createBaggage({ a: { value: '1', metadata }, b: { value: '2' } });
    expect(baggageHeader(propagation.setBaggage(ROOT_CONTEXT, baggage))).toBe('b=2');
  });
});
