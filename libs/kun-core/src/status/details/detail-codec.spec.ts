import * as fc from 'fast-check';
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import { packDetail, unpackDetail } from './detail-codec.js';
import type { StatusDetail } from './detail-types.js';
import { anyDetail, badRequest, errorInfo, quotaFailure, retryInfo } from './details.js';
import { anyStatusDetail, EVERY_DETAIL } from '../../../test/every-detail.js';
import { decodeStatus, encodeStatus } from '../wire/status-codec.js';

describe('details', () => {
  it.each(EVERY_DETAIL.map((detail) => [detail.type, detail] as const))('%s comes back', (type, detail) => {
    const packed = packDetail(detail);
    const name = type === 'google.protobuf.Any' ? 'acme.v1.Own' : type;
    expect(packed.typeUrl).toBe(`type.googleapis.com/${name}`);
    expect(unpackDetail(packed)).toEqual(detail);
  });

  it('come back whatever they hold', () => {
    fc.assert(
      fc.property(fc.array(anyStatusDetail()), (details) => {
        const decoded = decodeStatus(encodeStatus(5, 'm', details.map(packDetail)));
        expect(decoded).toEqual({ code: 5, message: 'm', details });
      }),
    );
  });

  it('have the bytes that the standard asks for', () => {
    // Written by hand after the wire format: field 1 (retry_delay) = { 1: 1 second, 2: 500 000 000 nanos }.
    const { value } = packDetail(retryInfo({ retryDelayMs: 1500 }));
    expect(Buffer.from(value).toString('hex')).toBe('0a0808011080cab5ee01');
  });

  it('number their later fields as the standard does', () => {
    // What the peer in test/peers is too old to check.
    const { root } = protobuf.parse(`syntax = "proto3";
      message QuotaFailure { repeated Violation violations = 1; message Violation {
        string api_service = 3; string quota_metric = 4; string quota_id = 5;
        map<string, string> quota_dimensions = 6; int64 quota_value = 7; optional int64 future_quota_value = 8; } }
      message BadRequest { repeated Violation field_violations = 1; message Violation {
        string reason = 3; Localized localized_message = 4; message Localized { string locale = 1; string message = 2; } } }`);
    const read = (type: string): unknown => {
      const detail = EVERY_DETAIL.find((one) => one.type === `google.rpc.${type}`)!;
      const codec = root.lookupType(type);
      return codec.toObject(codec.decode(packDetail(detail).value), { longs: Number });
    };
    expect(read('QuotaFailure')).toHaveProperty('violations.1', {
      apiService: 'cache.acme.com',
      quotaMetric: 'writes',
      quotaId: 'WritesPerDay',
      quotaDimensions: { region: 'eu' },
      quotaValue: 10,
      futureQuotaValue: 20,
    });
    expect(read('BadRequest')).toHaveProperty('fieldViolations.1', {
      reason: 'IS_NOT_EMPTY',
      localizedMessage: { locale: 'de-CH', message: 'darf nicht leer sein' },
    });
  });

  it('keep 64-bit integers exact', () => {
    const violation = {
      subject: 's',
      description: 'd',
      quotaValue: '9223372036854775807',
      futureQuotaValue: '0',
    };
    const detail = quotaFailure({ violations: [violation] });
    expect(unpackDetail(packDetail(detail))).toEqual(detail);
  });

  it('of another registry are known by their name', () => {
    const { value } = packDetail(errorInfo({ reason: 'R' }));
    expect(unpackDetail({ typeUrl: 'types.acme.com/v1/google.rpc.ErrorInfo', value })).toEqual(
      errorInfo({ reason: 'R' }),
    );
  });

  it('of an unknown type, or with bytes that do not parse, stay raw', () => {
    const value = new Uint8Array([0xff, 0xff]);
    for (const typeUrl of ['type.googleapis.com/acme.Own', 'type.googleapis.com/google.rpc.ErrorInfo', '']) {
      expect(unpackDetail({ typeUrl, value })).toEqual(anyDetail({ typeUrl, value }));
    }
    // Names of other messages in the schema, and of properties that every object has.
    for (const name of ['Status', 'Any', 'constructor', '__proto__']) {
      expect(unpackDetail({ typeUrl: `x/google.rpc.${name}`, value }).type).toBe('google.protobuf.Any');
    }
  });

  it('tolerate fields that a later version of the standard added', () => {
    const writer = protobuf.Writer.create();
    writer.uint32((1 << 3) | 2).string('R'); // reason
    writer.uint32((99 << 3) | 2).string('new'); // unknown
    writer.uint32((98 << 3) | 0).uint32(7); // unknown
    const typeUrl = 'type.googleapis.com/google.rpc.ErrorInfo';
    expect(unpackDetail({ typeUrl, value: writer.finish() })).toEqual(errorInfo({ reason: 'R' }));
  });

  it('hold no lone surrogates, which other languages refuse', () => {
    const detail = badRequest({ fieldViolations: [{ field: 'a\udc00', description: 'd' }] });
    expect(unpackDetail(packDetail(detail))).toEqual(
      badRequest({ fieldViolations: [{ field: 'a\ufffd', description: 'd' }] }),
    );
  });

  it('of a wrong shape are refused', () => {
    const wrong: StatusDetail = JSON.parse('{"type":"google.rpc.Nonsense"}');
    expect(() => packDetail(wrong)).toThrow(TypeError);
  });
});

describe('decodeStatus', () => {
  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => decodeStatus(bytes)).not.toThrow();
      }),
      { numRuns: 1000 },
    );
  });

  it('never throws on bytes that were nearly right', () => {
    const good = encodeStatus(5, 'm', EVERY_DETAIL.map(packDetail));
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), (at, byte, length) => {
        const bytes = Buffer.from(good);
        bytes[at] = byte;
        expect(() => decodeStatus(bytes)).not.toThrow();
        expect(() => decodeStatus(bytes.subarray(0, length))).not.toThrow();
      }),
      { numRuns: 1000 },
    );
  });
});
