import { unavailable, type ExportOutcome, type SpanExporter } from '@kun/core';
import { SpanKind } from '@opentelemetry/api';
import { expect, it } from 'vitest';
import { startLinked } from './linked-service.js';

interface RecordedSpan {
  readonly kind: SpanKind;
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly parentSpanContext?: { readonly spanId: string };
  spanContext(): { readonly spanId: string; readonly traceId: string };
}

class Recorder implements SpanExporter {
  readonly spans: RecordedSpan[] = [];
  export(spans: readonly object[], report: (outcome: ExportOutcome) => void): void {
    this.spans.push(...(spans as RecordedSpan[]));
    report({ code: 0 });
  }
  shutdown(): Promise<void> {
    return Promise.resolve();
  }
}

it('a call made has one span, each of its attempts one below it, and each attempt the span of the server', async () => {
  const [clientSide, serverSide] = [new Recorder(), new Recorder()];
  let asked = 0;
  await using last = await startLinked({
    spanExporters: [serverSide],
    handlers: {
      unary() {
        if (++asked < 3) throw unavailable('not yet');
        return { n: asked };
      },
    },
  });
  await using first = await startLinked({
    next: last.grpcAddress,
    spanExporters: [clientSide],
    upstream: { Retry: { MaxAttempts: 5, InitialBackoff: 0.001 } },
  });
  expect(await first.next.unary({})).toMatchObject({ n: 3 });
  const scrape = await fetch(`${last.adminUrl}/metrics`, {
    headers: { accept: 'application/openmetrics-text' },
  });
  const exemplar =
    /^grpc_server_handling_seconds_bucket\{.*\} \d+ # \{trace_id="(\w+)",span_id="(\w+)"\} /m.exec(
      await scrape.text(),
    );
  await first.close();
  await last.close();

  const calls = clientSide.spans.filter(({ kind }) => kind === SpanKind.INTERNAL);
  const attempts = clientSide.spans.filter(({ kind }) => kind === SpanKind.CLIENT);
  expect(calls).toHaveLength(1);
  const [port] = last.grpcAddress.split(':').slice(1);
  const where = { 'server.address': '127.0.0.1', 'server.port': Number(port) };
  expect(calls[0]).toMatchObject({
    name: 'kun.test.v1.Kinds/Unary',
    attributes: { ...where, 'rpc.system.name': 'grpc', 'rpc.status_code': 'OK' },
  });
  expect(attempts.map(({ attributes }) => attributes['rpc.status_code'])).toEqual([
    'UNAVAILABLE',
    'UNAVAILABLE',
    'OK',
  ]);
  for (const attempt of attempts) {
    expect(attempt.attributes).toMatchObject(where);
    expect(attempt.parentSpanContext?.spanId).toBe(calls[0]?.spanContext().spanId);
  }
  expect(serverSide.spans.map((span) => span.parentSpanContext?.spanId)).toEqual(
    attempts.map((attempt) => attempt.spanContext().spanId),
  );
  // The histogram leads to a trace.
  expect(exemplar?.[1]).toBe(calls[0]?.spanContext().traceId);
  expect(serverSide.spans.map((span) => span.spanContext().spanId)).toContain(exemplar?.[2]);
});
