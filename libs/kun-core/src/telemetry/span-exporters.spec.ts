import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import { describe, expect, it } from 'vitest';
import { FailoverExporter, GuardedExporter, MAX_PENDING_EXPORTS } from './span-exporters.js';

type Report = Parameters<SpanExporter['export']>[1];

/** An exporter whose answers the test gives. */
class Collector implements SpanExporter {
  readonly reports: Report[] = [];
  constructor(private readonly answer?: 'up' | 'down') {}

  export(_spans: ReadableSpan[], report: Report): void {
    this.reports.push(report);
    if (this.answer) report(this.answer === 'up' ? { code: 0 } : { code: 1, error: new Error('refused') });
  }

  shutdown(): Promise<void> {
    return Promise.resolve();
  }
}

const batch = (size: number): ReadableSpan[] => Array.from<ReadableSpan>({ length: size });

describe('FailoverExporter', () => {
  it('goes to the next collector when one fails, and stays there', () => {
    const [down, up] = [new Collector('down'), new Collector('up')];
    const exporter = new FailoverExporter([down, up]);
    const codes: number[] = [];
    for (let i = 0; i < 3; i++) exporter.export(batch(1), (result) => codes.push(result.code));
    expect(codes).toEqual([0, 0, 0]);
    expect([down.reports.length, up.reports.length]).toEqual([1, 3]);
  });

  it('fails when all do, after one try each', () => {
    const collectors = [new Collector('down'), new Collector('down')];
    const codes: number[] = [];
    new FailoverExporter(collectors).export(batch(1), (result) => codes.push(result.code));
    expect(codes).toEqual([1]);
    expect(collectors.map((collector) => collector.reports.length)).toEqual([1, 1]);
  });
});

describe('GuardedExporter', () => {
  const setUp = (collector: SpanExporter) => {
    const told: unknown[] = [];
    const guarded = new GuardedExporter(collector, {
      failing: (error) => told.push(error),
      recovered: (lost) => told.push(lost),
    });
    return { told, guarded };
  };

  it('tells an outage once, and its end once with what was lost', () => {
    const collector = new Collector();
    const { told, guarded } = setUp(collector);
    const answer = (result: Parameters<Report>[0]) => collector.reports.pop()?.(result);
    const error = new Error('refused');
    for (let i = 0; i < 5; i++) {
      guarded.export(batch(10), () => {});
      answer({ code: 1, error });
    }
    for (let i = 0; i < 2; i++) {
      guarded.export(batch(10), () => {});
      answer({ code: 0 });
    }
    expect(told).toEqual([error, 50]);
    expect(guarded.lostSpans).toBe(50);
  });

  it('keeps a bounded number of batches for a collector that never answers', () => {
    const collector = new Collector();
    const { told, guarded } = setUp(collector);
    let reported = 0;
    for (let i = 0; i < 100; i++) guarded.export(batch(512), () => reported++);
    expect(collector.reports).toHaveLength(MAX_PENDING_EXPORTS);
    expect(reported).toBe(100 - MAX_PENDING_EXPORTS);
    expect(told).toHaveLength(1);
  });
});
