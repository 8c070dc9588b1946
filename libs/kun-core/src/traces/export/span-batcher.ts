import { AsyncLocalStorage } from 'node:async_hooks';
import { context, createContextKey, ROOT_CONTEXT } from '@opentelemetry/api';
import type { Clock } from '../../clock.js';
import type { SpanExporter } from './span-exporter.js';

/** Options of a {@link SpanBatcher}. */
export interface SpanBatcherOptions {
  /** Reports each export exactly once and in time. */
  readonly exporter: SpanExporter;
  readonly clock: Clock;
  /** How long spans are batched, in milliseconds. Default: 5000 */
  readonly delayMs?: number | undefined;
  /** Called when spans begin to be lost, at most once a minute, and once when they are accepted again. */
  readonly reporter: OutageReporter;
}

/** Reports a collector's outage. */
export interface OutageReporter {
  failing(error: unknown): void;
  recovered(lostSpans: number): void;
}

/**
 * Counts what collectors did not accept, and reports outages: when one begins, at most once a minute, and when it is
 * over.
 */
export class Outage {
  /** The total that no collector accepted. */
  lost = 0;
  private lostInOutage = 0;
  private told = false;
  private toldAt = -Infinity;

  constructor(
    private readonly reporter: OutageReporter,
    private readonly clock: Pick<Clock, 'monotonicMs'>,
  ) {}

  lose(count: number, error: Error): void {
    this.lost += count;
    this.lostInOutage += count;
    const now = this.clock.monotonicMs();
    if (this.told || now - this.toldAt < WARN_EVERY_MS) return;
    this.told = true;
    this.toldAt = now;
    this.reporter.failing(error);
  }

  recover(): void {
    if (!this.told) return;
    this.reporter.recovered(this.lostInOutage);
    this.lostInOutage = 0;
    this.told = false;
  }
}

/** OpenTelemetry's specified defaults for a batching processor. */
const DEFAULT_DELAY_MS = 5000;
export const MAX_QUEUED_SPANS = 2048;
export const MAX_BATCH_SPANS = 512;

/** How many batches may be in flight at once. */
export const MAX_PENDING_EXPORTS = 4;

const WARN_EVERY_MS = 60_000;

/**
 * `suppressTracing` of OpenTelemetry's core: requests that instrumented HTTP clients make for an export are not traced.
 */
const UNTRACED = ROOT_CONTEXT.setValue(
  createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING'),
  true,
);

/**
 * Collects ended spans and sends them in batches; a span processor for OpenTelemetry's SDK. It replaces the SDK's own,
 * which does not count what its full queue or its time limit drops. Here each span is either accepted by the exporter
 * or counted as lost.
 */
export class SpanBatcher {
  private queue: object[] = [];
  private pendingExports = 0;
  private pendingSpans = 0;
  private cancelDelay: (() => void) | undefined;
  private flushing = false;
  private closed = false;
  private readonly waiting: Array<() => void> = [];
  private readonly outage: Outage;
  // Spans end within calls, but exports belong to none of them.
  private readonly outsideOfCalls = AsyncLocalStorage.snapshot();

  constructor(private readonly options: SpanBatcherOptions) {
    this.outage = new Outage(options.reporter, options.clock);
  }

  /** Spans that no collector accepted. */
  get lostSpans(): number {
    return this.outage.lost;
  }

  /** Spans are handled only when they end. */
  onStart(): void {}

  onEnd(span: object): void {
    if (this.closed) return this.lose(1, new Error('tracing has been shut down'));
    if (this.queue.length >= MAX_QUEUED_SPANS) {
      return this.lose(1, new Error(`${MAX_QUEUED_SPANS} spans are waiting already`));
    }
    this.queue.push(span);
    if (this.queue.length >= MAX_BATCH_SPANS) this.outsideOfCalls(() => this.send());
    else this.cancelDelay ??= this.outsideOfCalls(() => this.schedule());
  }

  /** Resolves when pending spans have been accepted or lost. */
  async forceFlush(): Promise<void> {
    this.flushing = true;
    this.outsideOfCalls(() => this.send());
    if (this.pendingExports > 0) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.flushing = false;
  }

  async shutdown(): Promise<void> {
    this.closed = true;
    await this.forceFlush();
    await this.options.exporter.shutdown();
  }

  /** Counts what is still in flight as lost: nothing will wait for it. */
  giveUp(): void {
    const left = this.queue.length + this.pendingSpans;
    this.queue = [];
    this.pendingSpans = 0;
    this.cancelDelay?.();
    this.outage.lost += left;
  }

  private schedule(): () => void {
    return this.options.clock.schedule(this.options.delayMs ?? DEFAULT_DELAY_MS, () => {
      this.cancelDelay = undefined;
      this.flushing = true;
      this.send();
      this.flushing = this.waiting.length > 0;
    });
  }

  /** Sends full batches; when flushing, also the rest. */
  private send(): void {
    while (
      this.pendingExports < MAX_PENDING_EXPORTS &&
      this.queue.length >= (this.flushing ? 1 : MAX_BATCH_SPANS)
    ) {
      const batch = this.queue.splice(0, MAX_BATCH_SPANS);
      this.pendingExports++;
      this.pendingSpans += batch.length;
      context.with(UNTRACED, () =>
        this.options.exporter.export(batch, ({ code, error }) => {
          this.pendingExports--;
          this.settle(batch.length, code === 0 ? undefined : (error ?? new Error('the export failed')));
        }),
      );
    }
    if (this.queue.length === 0) {
      this.cancelDelay?.();
      this.cancelDelay = undefined;
    } else if (!this.flushing) this.cancelDelay ??= this.schedule();
  }

  private settle(spans: number, error: Error | undefined): void {
    // Already counted when it was abandoned.
    if (this.pendingSpans < spans) return;
    this.pendingSpans -= spans;
    if (error) this.lose(spans, error);
    else this.outage.recover();
    this.send();
    if (this.pendingExports === 0 && this.queue.length === 0) {
      for (const done of this.waiting.splice(0)) done();
    }
  }

  private lose(spans: number, error: Error): void {
    this.outsideOfCalls(() => this.outage.lose(spans, error));
  }
}
