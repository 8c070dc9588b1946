import type { SpanExporter } from './span-exporter.js';

type Spans = Parameters<SpanExporter['export']>[0];
type Report = Parameters<SpanExporter['export']>[1];

/** The codes of `ExportResultCode` in OpenTelemetry's core, which is not loaded before it is needed. */
const SUCCESS = 0;
const FAILED = 1;

/** Sends spans to one of several collectors of the same kind: to the next when one fails. */
export class FailoverExporter implements SpanExporter {
  private current = 0;

  /** @param exporters at least one */
  constructor(private readonly exporters: readonly SpanExporter[]) {}

  export(spans: Spans, report: Report): void {
    this.attempt(spans, report, 1);
  }

  async forceFlush(): Promise<void> {
    await Promise.all(this.exporters.map((exporter) => exporter.forceFlush?.() ?? Promise.resolve()));
  }

  async shutdown(): Promise<void> {
    await Promise.all(this.exporters.map((exporter) => exporter.shutdown()));
  }

  private attempt(spans: Spans, report: Report, attempt: number): void {
    const used = this.current;
    this.exporters[used]?.export(spans, (result) => {
      if (result.code === SUCCESS || attempt >= this.exporters.length) return report(result);
      // Another batch may have moved on already.
      if (this.current === used) this.current = (used + 1) % this.exporters.length;
      this.attempt(spans, report, attempt + 1);
    });
  }
}

/** Batches that may be on their way at once; each is of at most 512 spans. */
export const MAX_PENDING_EXPORTS = 4;

/** What {@link GuardedExporter} tells: once when a collector stops taking spans, and once when it does again. */
export interface ExportReporter {
  failing(error: unknown): void;
  recovered(lostSpans: number): void;
}

/**
 * Keeps a collector that is down, or takes no answer, from costing more than its spans: batches beyond
 * {@link MAX_PENDING_EXPORTS} are dropped, and an outage is told once instead of at every batch.
 */
export class GuardedExporter implements SpanExporter {
  /** Spans that no collector took. */
  lostSpans = 0;
  private pending = 0;
  private lostInOutage: number | undefined;

  constructor(
    private readonly exporter: SpanExporter,
    private readonly reporter: ExportReporter,
  ) {}

  export(spans: Spans, report: Report): void {
    if (this.pending >= MAX_PENDING_EXPORTS) {
      this.lose(spans, new Error(`${this.pending} batches of spans are waiting for an answer`));
      return report({ code: SUCCESS });
    }
    this.pending++;
    this.exporter.export(spans, (result) => {
      this.pending--;
      if (result.code === FAILED) this.lose(spans, result.error);
      else this.recover();
      // A failure would be reported once more, to OpenTelemetry's error handler of the process.
      report({ code: SUCCESS });
    });
  }

  forceFlush(): Promise<void> {
    return this.exporter.forceFlush?.() ?? Promise.resolve();
  }

  shutdown(): Promise<void> {
    return this.exporter.shutdown();
  }

  private lose(spans: Spans, error: unknown): void {
    this.lostSpans += spans.length;
    if (this.lostInOutage === undefined) this.reporter.failing(error);
    this.lostInOutage = (this.lostInOutage ?? 0) + spans.length;
  }

  private recover(): void {
    if (this.lostInOutage === undefined) return;
    this.reporter.recovered(this.lostInOutage);
    this.lostInOutage = undefined;
  }
}
