import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FieldShape, MessageShape } from '../proto/message-shape.js';
import { boundedJson } from './bounded-json.js';
import { redaction } from './redaction.js';

const field = (name: string, more: Partial<FieldShape> = {}): FieldShape => ({
  name,
  redacted: false,
  isBytes: false,
  isMap: false,
  message: undefined,
  ...more,
});

const write = (message: unknown, shape?: MessageShape, maxLength = Infinity) =>
  boundedJson(message, { maxLength, shape }).text;

const jsonLike = fc.letrec((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    fc.string({ unit: 'binary' }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('tree')),
    fc.dictionary(fc.string(), tie('tree')),
  ),
})).tree;

describe('boundedJson', () => {
  it('writes what JSON.stringify writes, when nothing is cut', () => {
    fc.assert(
      fc.property(jsonLike, (message) => {
        expect(JSON.parse(write(message))).toEqual(JSON.parse(JSON.stringify(message)));
      }),
    );
  });

  it('writes the beginning of the whole, of exactly the length asked for, when it cuts', () => {
    fc.assert(
      fc.property(jsonLike, fc.integer({ min: 0, max: 60 }), (message, maxLength) => {
        const whole = write(message);
        const bounded = boundedJson(message, { maxLength });
        expect(bounded).toEqual({ text: whole.slice(0, maxLength), cut: whole.length > maxLength });
      }),
    );
  });

  it('never throws, whatever a handler returned', () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withDate: true, withTypedArray: true, withSet: true }),
        (message) => {
          expect(boundedJson(message, { maxLength: 50 }).text.length).toBeLessThanOrEqual(50);
        },
      ),
    );
  });

  it('reads no more of a large message than it writes', () => {
    let reads = 0;
    const watched = new Proxy(
      Array.from({ length: 1_000_000 }, (_, i) => i),
      {
        get: (target, name, receiver): unknown => {
          reads++;
          return Reflect.get(target, name, receiver);
        },
      },
    );
    expect(write({ numbers: watched }, undefined, 100)).toHaveLength(100);
    expect(reads).toBeLessThan(300);
  });

  it('stops at a message that contains itself', () => {
    const message: Record<string, unknown> = {};
    message['self'] = message;
    expect(write(message)).toContain('…');
  });

  it('writes the fields of the proto only, bytes by their length, and leaves out empty ones', () => {
    const shape: MessageShape = {
      fields: [
        field('name'),
        field('empty'),
        field('count'),
        field('blob', { isBytes: true }),
        field('base64', { isBytes: true }),
        field('items', { message: { fields: [field('id')] } }),
        field('by_name', { isMap: true, message: { fields: [field('id')] } }),
      ],
    };
    const message = {
      password_hash: 'not in the proto',
      name: 'a',
      empty: '',
      count: 0,
      blob: Buffer.alloc(1234),
      base64: 'AAAA',
      items: [{ id: 1, x: 1 }, { id: 2 }],
      by_name: { k: { id: 3, x: 1 } },
    };
    expect(write(message, shape)).toBe(
      '{"name":"a","blob":"<1234 bytes>","base64":"<3 bytes>","items":[{"id":1},{"id":2}],"by_name":{"k":{"id":3}}}',
    );
  });

  it('masks what the shape marks and what paths name, in lists and maps too', () => {
    const user: MessageShape = {
      fields: [field('name'), field('password'), field('token', { redacted: true })],
    };
    const shape: MessageShape = {
      fields: [
        field('password'),
        field('owner', { message: user }),
        field('users', { message: user }),
        field('by_name', { isMap: true, message: user }),
      ],
    };
    const someone = { name: 'n', password: 'p', token: 't' };
    const message = { password: 'open', owner: someone, users: [someone], by_name: { password: someone } };
    const masks = redaction(['users.password', 'by_name.password', '**.name']);
    const masked = { name: '[redacted]', password: '[redacted]', token: '[redacted]' };
    expect(JSON.parse(boundedJson(message, { maxLength: 1000, shape, redaction: masks }).text)).toEqual({
      password: 'open',
      owner: { ...masked, password: 'p' },
      users: [masked],
      by_name: { password: masked },
    });
  });

  it.each(['', 'a..b', '**', '**.a.b', 'a.*'])('refuses the path "%s"', (path) => {
    expect(() => redaction([path])).toThrow(TypeError);
  });
});

it('writes Dates and Maps, as messages have them', () => {
  const message = { at: new Date(0), flags: new Map([[true, 1]]), gone: new Date(Number.NaN) };
  const { text } = boundedJson(message, { maxLength: 200 });
  expect(JSON.parse(text)).toEqual({ at: '1970-01-01T00:00:00.000Z', flags: { true: 1 }, gone: 'invalid' });
  const flags = { name: 'flags', redacted: false, isBytes: false, isMap: true, message: undefined };
  expect(boundedJson(message, { maxLength: 200, shape: { fields: [flags] } }).text).toBe(
    '{"flags":{"true":1}}',
  );
});
