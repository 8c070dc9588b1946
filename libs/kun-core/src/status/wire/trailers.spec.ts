import { Metadata, status } from '@grpc/grpc-js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StatusDetail } from '../details/detail-types.js';
import { badRequest, debugInfo, errorInfo, localizedMessage, retryInfo } from '../details/details.js';
import { anyStatusDetail, EVERY_DETAIL } from '../../../test/every-detail.js';
import { decodeStatus } from './status-codec.js';
import { StatusError } from '../status-error.js';
import { toTrailers } from './trailers.js';

const KEY = 'grpc-status-details-bin';

describe('toTrailers', () => {
  it('sends code and message, and no details where there are none', () => {
    const trailers = toTrailers(new StatusError(status.NOT_FOUND, 'no such cache'));
    expect(trailers).toMatchObject({ code: status.NOT_FOUND, details: 'no such cache' });
    expect(trailers.metadata.getMap()).toEqual({});
  });

  it('sends every detail, with code and message said twice alike', () => {
    const sent = toTrailers(new StatusError(status.NOT_FOUND, 'größe', { details: EVERY_DETAIL }));
    expect(decoded(sent.metadata)).toEqual({ code: 5, message: 'größe', details: EVERY_DETAIL });
  });

  it('sends metadata, but what belongs to the protocol', () => {
    const metadata = new Metadata();
    metadata.set('retry-after', '3');
    metadata.add('list', 'a');
    metadata.add('list', 'b');
    metadata.set('key-bin', Buffer.from([0, 255]));
    metadata.set('content-type', 'application/grpc');
    metadata.set('grpc-status', '0');
    metadata.set(KEY, Buffer.from('stale'));
    const sent = toTrailers(
      new StatusError(status.ABORTED, 'x', { metadata, details: [retryInfo({ retryDelayMs: 1 })] }),
    );
    expect(Object.keys(sent.metadata.getMap()).toSorted()).toEqual([KEY, 'key-bin', 'list', 'retry-after']);
    expect(sent.metadata.get('list')).toEqual(['a', 'b']);
    expect(decoded(sent.metadata)?.details).toHaveLength(1);
    expect(metadata.get(KEY)).toEqual([Buffer.from('stale')]);
  });

  it('keeps what fits, in order, and marks what does not', () => {
    const big = localizedMessage({ locale: 'de', message: 'x'.repeat(10_000) });
    const details = [errorInfo({ reason: 'R' }), big, retryInfo({ retryDelayMs: 5 })];
    const sent = toTrailers(new StatusError(status.ABORTED, 'x', { details }));
    expect(decoded(sent.metadata)?.details).toEqual([
      details[0],
      details[2],
      errorInfo({ reason: 'DETAILS_TRUNCATED', domain: 'kun', metadata: { details: '3', kept: '2' } }),
    ]);
  });

  it('shortens lists: the first violations, the top of the stack', () => {
    const stackEntries = Array.from({ length: 500 }, (_, n) => `at frame ${n}`);
    const fieldViolations = Array.from({ length: 500 }, (_, n) => ({
      field: `f[${n}]`,
      description: 'must not be empty',
    }));
    for (const detail of [
      debugInfo({ detail: 'boom', stackEntries }),
      badRequest({ fieldViolations }),
    ] satisfies StatusDetail[]) {
      const sent = toTrailers(new StatusError(status.INTERNAL, 'x', { details: [detail] }));
      const [cut, marker] = decoded(sent.metadata)?.details ?? [];
      expect(marker).toMatchObject({ reason: 'DETAILS_TRUNCATED', metadata: { details: '1', kept: '0' } });
      const items = cut?.type === 'google.rpc.DebugInfo' ? cut.stackEntries : fieldsOf(cut);
      const whole = detail.type === 'google.rpc.DebugInfo' ? stackEntries : fieldViolations;
      expect(headerListBytes(sent)).toBeGreaterThan(7168 - 100);
      expect(items).toEqual(whole.slice(0, items.length));
    }
  });

  it('leaves out a detail of a wrong shape rather than break the call', () => {
    const wrong: StatusDetail = JSON.parse('{"type":"google.rpc.Help","links":"x"}');
    const sent = toTrailers(
      new StatusError(status.ABORTED, 'x', { details: [wrong, retryInfo({ retryDelayMs: 5 })] }),
    );
    expect(decoded(sent.metadata)?.details).toMatchObject([
      { retryDelayMs: 5 },
      { reason: 'DETAILS_TRUNCATED', metadata: { details: '2', kept: '1' } },
    ]);
  });

  it('cuts a long message, in both places alike', () => {
    const details = [retryInfo({ retryDelayMs: 5 })];
    const sent = toTrailers(new StatusError(status.ABORTED, '日'.repeat(5000), { details }));
    expect(sent.details).toMatch(/^日{200,}\.\.\.$/);
    expect(encodeURI(sent.details).length).toBeLessThanOrEqual(2048);
    expect(decoded(sent.metadata)).toMatchObject({ message: sent.details, details });
  });

  it('sends no details where not even the marker fits', () => {
    const details = [errorInfo({ reason: 'R'.repeat(500) })];
    const sent = toTrailers(new StatusError(status.ABORTED, 'x', { details }), { maxTrailerBytes: 200 });
    expect(sent.metadata.getMap()).toEqual({});
  });

  it('never exceeds its size, and always parses', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(anyStatusDetail(), bigDetail()), { maxLength: 6 }),
        fc.string({ unit: 'binary', maxLength: 3000 }),
        fc.dictionary(fc.stringMatching(/^[a-z]{1,20}$/), fc.stringMatching(/^[a-z]{0,2000}$/)),
        fc.integer({ min: 2200, max: 10_000 }),
        (details, message, pairs, maxTrailerBytes) => {
          const metadata = new Metadata();
          for (const [key, value] of Object.entries(pairs)) metadata.set(key, value);
          const error = new StatusError(status.ABORTED, message, { details, metadata });
          const sent = toTrailers(error, { maxTrailerBytes });
          expect(headerListBytes(sent)).toBeLessThanOrEqual(maxTrailerBytes);
          const rich = decoded(sent.metadata) ?? { code: 10, message: sent.details };
          expect(rich).toMatchObject({ code: 10, message: sent.details });
          expect(sent.metadata.get(KEY)).toHaveLength(decoded(sent.metadata) ? 1 : 0);
        },
      ),
      { numRuns: 200 },
    );
  });
});

function decoded(metadata: Metadata): ReturnType<typeof decodeStatus> {
  const bytes = metadata.get(KEY)[0];
  return typeof bytes === 'object' ? decodeStatus(bytes) : undefined;
}

function fieldsOf(detail: StatusDetail | undefined): readonly unknown[] {
  return detail?.type === 'google.rpc.BadRequest' ? detail.fieldViolations : [];
}

function bigDetail(): fc.Arbitrary<StatusDetail> {
  return fc.nat(20_000).map((size) => errorInfo({ reason: 'R'.repeat(size) }));
}

/** As grpc-js writes them and RFC 9113 counts them. */
function headerListBytes(sent: ReturnType<typeof toTrailers>): number {
  const headers = {
    'grpc-status': String(sent.code),
    'grpc-message': encodeURI(sent.details),
    ...sent.metadata.toHttp2Headers(),
  };
  return Object.entries(headers)
    .flatMap(([name, value]) => [value ?? []].flat().map((one) => name.length + String(one).length + 32))
    .reduce((sum, bytes) => sum + bytes, 0);
}
