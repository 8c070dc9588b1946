import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import type { Clock } from '../../clock.js';
import type { SpanExporter } from './span-exporter.js';

type Spans = Parameters<SpanExporter['export']>[0];
type Report = Parameters<SpanExporter['export']>[1];

/** `ExportResultCode.FAILED` of OpenTelemetry's core. */
const FAILED = 1;

/** What an exporter may have unanswered at once: requests it was not willing to give up, each with its spans. */
const MAX_UNANSWERED = 16;

/** An exporter did not say in time how it went. */
export class ExportTimeoutError extends Error {
  override readonly name = 'ExportTimeoutError';
}

/**
 * Gives an exporter a time limit, and makes exactly one report of whatever it does: throws, answers twice, too late or
 * never. The HTTP request that it made is cut at the limit, since a collector that accepts and never answers would keep
 * a connection and the spans of each request.
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

  /** Gives up at once whatever is unanswered. */
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

/** The HTTP requests that `body` makes before it returns; OpenTelemetry's exporters hand them to nobody. */
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
