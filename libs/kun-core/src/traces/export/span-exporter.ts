/**
 * An exporter of OpenTelemetry's SDK, as far as it is used here. The SDK is an optional peer, so the types of this
 * package must do without it.
 */
export interface SpanExporter {
  /** Sends spans, and says how that went: 0 for success. */
  export(spans: readonly object[], report: (result: ExportOutcome) => void): void;
  shutdown(): Promise<void>;
  forceFlush?(): Promise<void>;
}

/** How an export went. */
export interface ExportOutcome {
  /** `ExportResultCode` of the SDK: 0 success, 1 failure. */
  readonly code: number;
  readonly error?: Error;
}

type Spans = Parameters<SpanExporter['export']>[0];
type Report = Parameters<SpanExporter['export']>[1];

/** `ExportResultCode.SUCCESS` of OpenTelemetry's core, which is not loaded before it is needed. */
const SUCCESS = 0;

/** Sends spans to one of several collectors of the same kind: to the next when one fails. */
export class FailoverExporter implements SpanExporter {
  private current = 0;

  /** @param exporters at least one, each of which answers in time */
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
