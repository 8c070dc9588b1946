import * as fc from 'fast-check';
import type { StatusDetail } from '../src/status/details/detail-types.js';
import * as details from '../src/status/details/details.js';

/** One of each standard type, every field set, and one of a type that nobody knows. */
export const EVERY_DETAIL: readonly StatusDetail[] = [
  details.errorInfo({
    reason: 'CACHE_EXPIRED',
    domain: 'cache.acme.com',
    metadata: { zone: 'zürich', n: '1' },
  }),
  details.retryInfo({ retryDelayMs: 1500.000001 }),
  details.debugInfo({ detail: 'boom', stackEntries: ['at a (a.ts:1:2)', 'at b (b.ts:3:4)'] }),
  details.quotaFailure({
    violations: [
      { subject: 'account:42', description: 'daily reads used up' },
      {
        subject: 'account:43',
        description: 'writes',
        apiService: 'cache.acme.com',
        quotaMetric: 'writes',
        quotaId: 'WritesPerDay',
        quotaDimensions: { region: 'eu' },
        quotaValue: '10',
        futureQuotaValue: '20',
      },
    ],
  }),
  details.preconditionFailure({
    violations: [{ type: 'TOS', subject: 'acme.com', description: 'not accepted' }],
  }),
  details.badRequest({
    fieldViolations: [
      { field: 'user.emails[0]', description: 'must be an e-mail address' },
      {
        field: 'user.name',
        description: 'must not be empty',
        reason: 'IS_NOT_EMPTY',
        localizedMessage: { locale: 'de-CH', message: 'darf nicht leer sein' },
      },
    ],
  }),
  details.requestInfo({ requestId: 'req-1', servingData: 'opaque' }),
  details.resourceInfo({
    resourceType: 'cache',
    resourceName: 'caches/42',
    owner: 'user:a',
    description: 'x',
  }),
  details.help({ links: [{ description: 'quota', url: 'https://acme.com/quota' }] }),
  details.localizedMessage({ locale: 'ja', message: 'キャッシュがありません 🎉' }),
  details.anyDetail({ typeUrl: 'type.googleapis.com/acme.v1.Own', value: new Uint8Array([8, 1]) }),
];

/** Any detail at all, with text that can be sent. */
export function anyStatusDetail(): fc.Arbitrary<StatusDetail> {
  const text = fc.string({ unit: 'grapheme' });
  const key = fc.string({ minLength: 1 }).filter((name) => name !== '__proto__');
  const map = fc.dictionary(key, text, { noNullPrototype: true });
  return fc.oneof(
    fc.record({ reason: text, domain: text, metadata: map }).map(details.errorInfo),
    fc.record({ retryDelayMs: fc.nat(1e9) }).map(details.retryInfo),
    fc.record({ detail: text, stackEntries: list(text) }).map(details.debugInfo),
    fc
      .record({ violations: list(fc.record({ subject: text, description: text })) })
      .map(details.quotaFailure),
    fc
      .record({ violations: list(fc.record({ type: text, subject: text, description: text })) })
      .map(details.preconditionFailure),
    fc
      .record({ fieldViolations: list(fc.record({ field: text, description: text })) })
      .map(details.badRequest),
    fc.record({ requestId: text, servingData: text }).map(details.requestInfo),
    fc
      .record({ resourceType: text, resourceName: text, owner: text, description: text })
      .map(details.resourceInfo),
    fc.record({ links: list(fc.record({ description: text, url: text })) }).map(details.help),
    fc.record({ locale: text, message: text }).map(details.localizedMessage),
    fc
      .record({ typeUrl: text.map((t) => `acme.com/own.${t}`), value: fc.uint8Array() })
      .map(details.anyDetail),
  );
}

function list<T>(item: fc.Arbitrary<T>): fc.Arbitrary<T[]> {
  return fc.array(item, { maxLength: 4 });
}
