import { describe, expect, it } from 'vitest';
import { FailoverExporter, type SpanExporter } from './span-exporter.js';

/** A collector that answers at once. */
class Collector implements SpanExporter {
  asked = 0;
  constructor(private readonly answer: 'up' | 'down') {}

  export(_spans: readonly object[], report: Parameters<SpanExporter['export']>[1]): void {
    this.asked++;
    report(this.answer === 'up' ? { code: 0 } : { code: 1, error: new Error('refused') });
  }

  shutdown(): Promise<void> {
    return Promise.resolve();
  }
}

describe('FailoverExporter', () => {
  it('goes to the next collector when one fails, and stays there', () => {
    const [down, up] = [new Collector('down'), new Collector('up')];
    const exporter = new FailoverExporter([down, up]);
    const codes: number[] = [];
    for (let i = 0; i < 3; i++) exporter.export([{}], (result) => codes.push(result.code));
    expect(codes).toEqual([0, 0, 0]);
    expect([down.asked, up.asked]).toEqual([1, 3]);
  });

  it('fails when all do, after one try each', () => {
    const collectors = [new Collector('down'), new Collector('down')];
    const codes: number[] = [];
    new FailoverExporter(collectors).export([{}], (result) => codes.push(result.code));
    expect(codes).toEqual([1]);
    expect(collectors.map((collector) => collector.asked)).toEqual([1, 1]);
  });
});
