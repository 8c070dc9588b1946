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
