import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import type { Clock } from '../../clock.js';
import type { SpanExporter } from './span-exporter.js';

type Spans = Parameters<SpanExporter['export']>[0];
type Report = Parameters<SpanExporter['export']>[1];

/** `ExportResultCode.FAILED` of OpenTelemetry's core. */
const FAILED = 1;

/** The maximum number of unanswered exports: requests that could not be aborted, each holding its spans. */
const MAX_UNANSWERED = 16;

/** An exporter did not report in time. */
export class ExportTimeoutError extends Error {
  override readonly name = 'ExportTimeoutError';
}

/**
 * Limits an exporter's time, and reports exactly once whatever it does: throw, report twice, too late, or never. Its
 * HTTP request is aborted at the limit, because a collector that accepts and never answers would otherwise hold a
 * connection and the spans of each request.
 */
export class TimedExporter implements SpanExporter {
  private unanswered = 0;
  private readonly waiting = new Set<() => void>();

  constructor(
    private readonly exporter: SpanExporter,
    private readonly timeoutMs: number,
    private readonly clock: Clock,
  ) {}

  export(spans: Spans, report: Report): void {
    if (this.unanswered >= MAX_UNANSWERED) {
      const error = new ExportTimeoutError(`${this.unanswered} exports were never answered`);
      return report({ code: FAILED, error });
    }
    let requests: readonly ClientRequest[] = [];
    const giveUp = (): void => {
      const error = new ExportTimeoutError(`no answer within ${this.timeoutMs} ms`);
      once({ code: FAILED, error });
      for (const request of requests) request.destroy(error);
    };
    const cancel = this.clock.schedule(this.timeoutMs, giveUp);
    const once: Report = (result) => {
      if (!this.waiting.delete(giveUp)) return;
      cancel();
      report(result);
    };
    this.waiting.add(giveUp);
    this.unanswered++;
    let answered = false;
    requests = requestsMadeBy(() => {
      try {
        this.exporter.export(spans, (result) => {
          if (!answered) this.unanswered--;
          answered = true;
          once(result);
        });
      } catch (error) {
        this.unanswered--;
        answered = true;
        once({ code: FAILED, error: error instanceof Error ? error : new Error(String(error)) });
      }
    });
  }

  /** Abandons all unanswered exports. */
  abort(): void {
    for (const giveUp of this.waiting) giveUp();
  }

  forceFlush(): Promise<void> {
    return this.exporter.forceFlush?.() ?? Promise.resolve();
  }

  shutdown(): Promise<void> {
    return this.exporter.shutdown();
  }
}

/** The HTTP requests that `body` starts synchronously; OpenTelemetry's exporters do not expose them. */
function requestsMadeBy(body: () => void): ClientRequest[] {
  const requests: ClientRequest[] = [];
  const keep = (message: unknown) => void requests.push((message as { request: ClientRequest }).request);
  subscribe('http.client.request.created', keep);
  try {
    body();
  } finally {
    unsubscribe('http.client.request.created', keep);
  }
  return requests;
}
