import type { ExportOutcome, SpanExporter } from '../../traces/export/span-exporter.js';
import { failure, matches, type Expected } from './expected.js';

/** What a test reads of a span; OpenTelemetry's `ReadableSpan` has more. */
export interface RecordedSpan {
  readonly name: string;
  /** `SpanKind`: 1 server, 2 client. */
  readonly kind: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** `SpanStatusCode`: 2 error. */
  readonly status: { readonly code: number; readonly message?: string };
  readonly events: ReadonlyArray<{ readonly name: string }>;
  spanContext(): { readonly traceId: string; readonly spanId: string };
  readonly parentSpanContext?: { readonly spanId: string };
}

/**
 * Keeps spans instead of sending them: `startTestService(AppModule, { spanExporters: [spans] })`. Spans arrive in
 * batches, and all of them have arrived when the service is closed. Requires OpenTelemetry's SDK packages.
 */
export class SpanRecorder implements SpanExporter {
  /** In the order of arrival. */
  readonly spans: RecordedSpan[] = [];

  export(spans: readonly object[], report: (result: ExportOutcome) => void): void {
    this.spans.push(...(spans as readonly RecordedSpan[]));
    report({ code: 0 });
  }

  shutdown(): Promise<void> {
    return Promise.resolve();
  }
}

/**
 * Expects a span with this name and these attributes among those that have arrived.
 *
 * ```ts
 * await service.close();
 * expectSpan(spans, 'acme.shop.v1.ShopService/Buy', { 'rpc.status_code': 'NOT_FOUND' });
 * ```
 *
 * @throws {AssertionError} listing the recorded spans, the closest first.
 */
export function expectSpan(
  { spans }: SpanRecorder,
  name: string | RegExp,
  attributes: Readonly<Record<string, Expected>> = {},
): RecordedSpan {
  const expected = { ...attributes, name };
  const fields = (span: RecordedSpan) => ({ ...span.attributes, name: span.name });
  const found = spans.find((span) => matches(fields(span), expected));
  if (found) return found;
  throw failure('a span with', { name, ...attributes }, spans.map(fields));
}
