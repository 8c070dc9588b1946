/**
 * The part of an OpenTelemetry SDK exporter that is used. The SDK is an optional peer dependency, so this package must
 * not depend on its types.
 */
export interface SpanExporter {
  /** Sends spans and reports the result: code 0 for success. */
  export(spans: readonly object[], report: (result: ExportOutcome) => void): void;
  shutdown(): Promise<void>;
  forceFlush?(): Promise<void>;
}

/** The result of an export. */
export interface ExportOutcome {
  /** `ExportResultCode` of the SDK: 0 success, 1 failure. */
  readonly code: number;
  readonly error?: Error;
}

type Spans = Parameters<SpanExporter['export']>[0];
type Report = Parameters<SpanExporter['export']>[1];

/** `ExportResultCode.SUCCESS` of OpenTelemetry's core, which is loaded only when needed. */
const SUCCESS = 0;

/** Sends spans to one of several equivalent collectors, and fails over to the next. */
export class FailoverExporter implements SpanExporter {
  private current = 0;

  /** @param exporters at least one, each of which reports in time */
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
      // Another batch may have failed over already.
      if (this.current === used) this.current = (used + 1) % this.exporters.length;
      this.attempt(spans, report, attempt + 1);
    });
  }
}
