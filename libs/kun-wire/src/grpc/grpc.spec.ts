import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeBinaryValues,
  encodeBinaryValue,
  formatGrpcTimeout,
  isBinaryKey,
  isGrpcContentType,
  parseGrpcTimeout,
} from './header-values.js';
import { acceptsEncoding, parseMessageEncoding } from './message-encoding.js';
import { MessageReader } from './message-reader.js';
import { decodeStatusMessage, encodeStatusMessage } from './status.js';

describe('grpc-timeout', () => {
  it.each([
    ['1H', 3_600_000],
    ['2M', 120_000],
    ['3S', 3000],
    ['4m', 4],
    ['5u', 0.005],
    ['6n', 0.000006],
    ['0S', 0],
    ['99999999H', 359_999_996_400_000],
    ['', undefined],
    ['S', undefined],
    ['1', undefined],
    ['1s', undefined],
    ['1.5S', undefined],
    ['+1S', undefined],
    [' 1S', undefined],
    ['123456789m', undefined],
  ])('%j is %s ms', (text, ms) => {
    if (ms === undefined) expect(parseGrpcTimeout(text)).toBeUndefined();
    else expect(parseGrpcTimeout(text)).toBeCloseTo(ms, 9);
  });

  it('is written in a unit for which eight digits suffice, and never rounded down', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e13, noNaN: true }), (ms) => {
        const text = formatGrpcTimeout(ms);
        const read = parseGrpcTimeout(text);
        expect(text).toMatch(/^\d{1,8}[HMSmun]$/);
        expect(read).toBeGreaterThanOrEqual(ms - 1e-6 * ms - 1e-6);
      }),
    );
    expect(formatGrpcTimeout(-5)).toBe('0n');
    expect(formatGrpcTimeout(Infinity)).toBe('99999999H');
  });
});

describe('grpc-message', () => {
  it('survives a round trip', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const coded = encodeStatusMessage(text);
        expect(coded).toMatch(/^[ -~]*$/);
        expect(decodeStatusMessage(coded)).toBe(text);
      }),
    );
  });

  it('keeps leading and trailing spaces, which a field cannot have', () => {
    expect(encodeStatusMessage('  a b ')).toBe('%20%20a b%20');
    expect(encodeStatusMessage(' ☺ ')).toBe('%20%E2%98%BA%20');
    expect(encodeStatusMessage('  ')).toBe('%20%20');
  });

  it('is encoded as callers decode it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(decodeURIComponent(encodeStatusMessage(text))).toBe(text);
      }),
    );
  });

  it('is kept unchanged if it is badly encoded', () => {
    expect(decodeStatusMessage('50% off, 100%, %zz %41')).toBe('50% off, 100%, %zz A');
  });
});

describe('binary values', () => {
  it('survive a round trip, alone, padded, and joined', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 20 }), { minLength: 1, maxLength: 4 }), (values) => {
        const joined = values.map((value, index) =>
          index % 2 === 0 ? encodeBinaryValue(value) : Buffer.from(value).toString('base64'),
        );
        expect(decodeBinaryValues(joined.join(', ')).map((value) => [...value])).toEqual(
          values.map((value) => [...value]),
        );
      }),
    );
  });

  it('are recognized by their keys', () => {
    expect(['a-bin', 'bin', 'a-binary'].map(isBinaryKey)).toEqual([true, false, false]);
  });
});

describe('content types and encodings', () => {
  it.each([
    ['application/grpc', true],
    ['APPLICATION/GRPC+json', true],
    ['application/grpc; charset=utf-8', true],
    ['application/grpc;charset=utf-8', true],
    ['application/grpc-web', false],
    ['application/grpcx', false],
    ['text/plain', false],
  ])('%j is gRPC: %s', (value, speaks) => {
    expect(isGrpcContentType(value)).toBe(speaks);
  });

  it('are accepted as declared by the caller', () => {
    expect(parseMessageEncoding('gzip')).toBe('gzip');
    expect(parseMessageEncoding('br')).toBeUndefined();
    expect(acceptsEncoding(undefined, 'identity')).toBe(true);
    expect(acceptsEncoding(undefined, 'gzip')).toBe(false);
    expect(acceptsEncoding('identity, gzip', 'gzip')).toBe(true);
    expect(acceptsEncoding('identity', 'deflate')).toBe(false);
  });
});

describe('a message reader', () => {
  const prefixed = (message: Buffer): Buffer => {
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(message.length, 1);
    return Buffer.concat([prefix, message]);
  };

  it('assembles messages from any pieces, and holds no more than what has arrived', () => {
    const size = fc.oneof(fc.nat(20), fc.nat(5000), fc.nat(60_000));
    const piece = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9000 }));
    fc.assert(
      fc.property(
        fc.array(size, { minLength: 1, maxLength: 6, size: 'max' }),
        fc.array(piece, { minLength: 1, maxLength: 30, size: 'max' }),
        (sizes, pieces) => {
          const messages = sizes.map((length, index) =>
            Buffer.from(Array.from({ length }, (_, at) => (at * 7 + index) & 255)),
          );
          const arrived: Buffer[] = [];
          const reader = new MessageReader(
            {
              messageArrived(_compressed, bytes) {
                arrived.push(Buffer.from(bytes));
                return true;
              },
              messageAnnounced() {},
              messageRefused: (why) => expect.unreachable(why),
            },
            100_000,
          );
          const bytes = Buffer.concat(messages.map(prefixed));
          for (let at = 0, turn = 0; at < bytes.length; turn++) {
            const end = Math.min(bytes.length, at + (pieces[turn % pieces.length] as number));
            reader.read(bytes, at, end);
            at = end;
            const done = arrived.reduce((sum, { length }) => sum + length + 5, 0);
            expect(reader.heldBytes).toBe(at - done);
          }
          expect(arrived.map((message) => message.toString('hex'))).toEqual(
            messages.map((message) => message.toString('hex')),
          );
          expect(reader.partial).toBe(false);
        },
      ),
    );
  });
});
