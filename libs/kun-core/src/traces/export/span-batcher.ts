import { AsyncLocalStorage } from 'node:async_hooks';
import { context, createContextKey, ROOT_CONTEXT } from '@opentelemetry/api';
import type { Clock } from '../../clock.js';
import type { SpanExporter } from './span-exporter.js';

/** What a {@link SpanBatcher} is made of. */
export interface SpanBatcherOptions {
  /** Answers each export, once and in time. */
  readonly exporter: SpanExporter;
  readonly clock: Clock;
  /** How long a span may wait for others, in milliseconds. Default: 5000 */
  readonly delayMs?: number | undefined;
  /** Told once when spans begin to be lost, at most once a minute, and once when they are taken again. */
  readonly reporter: OutageReporter;
}

/** Who is told of an outage of a collector. */
export interface OutageReporter {
  failing(error: unknown): void;
  recovered(lostSpans: number): void;
}

/** Counts what collectors did not take, and tells of it: once when it begins, at most once a minute, and when it is over. */
export class Outage {
  /** What no collector took, in all. */
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

/** What the specification of OpenTelemetry gives a batching processor. */
const DEFAULT_DELAY_MS = 5000;
export const MAX_QUEUED_SPANS = 2048;
export const MAX_BATCH_SPANS = 512;

/** Batches that may be on their way at once. */
export const MAX_PENDING_EXPORTS = 4;

const WARN_EVERY_MS = 60_000;

/** `suppressTracing` of OpenTelemetry's core: what instrumented HTTP clients do for an export is not traced. */
const UNTRACED = ROOT_CONTEXT.setValue(
  createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING'),
  true,
);

/**
 * Collects ended spans and sends them in batches; a span processor of OpenTelemetry's SDK. It stands in the place of the
 * SDK's own, which counts nowhere what its full queue drops or what its time limit gives up. Here each span is taken by
 * the exporter or counted as lost, whoever lost it.
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
  // Spans end in calls; what is sent for many of them belongs to none.
  private readonly outsideOfCalls = AsyncLocalStorage.snapshot();

  constructor(private readonly options: SpanBatcherOptions) {
    this.outage = new Outage(options.reporter, options.clock);
  }

  /** Spans that no collector took. */
  get lostSpans(): number {
    return this.outage.lost;
  }

  /** Nothing is to be done yet. */
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

  /** Settles when what waits has been taken or lost. */
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

  /** Counts what is still on its way as lost: nobody will wait for it. */
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

  /** Sends whole batches; when flushing, what is left too. */
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
    // Given up before: counted already.
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
