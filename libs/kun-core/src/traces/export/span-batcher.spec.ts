import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../testing/fake-clock.js';
import { MAX_BATCH_SPANS, MAX_PENDING_EXPORTS, MAX_QUEUED_SPANS, SpanBatcher } from './span-batcher.js';
import type { ExportOutcome, SpanExporter } from './span-exporter.js';
import { TimedExporter } from './timed-exporter.js';

const TIMEOUT_MS = 10_000;
const refused: ExportOutcome = { code: 1, error: new Error('refused') };

/** A collector whose answers the test gives. */
class Collector implements SpanExporter {
  readonly open: Array<{ readonly spans: number; readonly answer: (outcome: ExportOutcome) => void }> = [];
  taken = 0;
  throws = false;

  constructor(private readonly clock: FakeClock) {}

  export(spans: readonly object[], report: (result: ExportOutcome) => void): void {
    if (this.throws) throw new Error('broken');
    const openedAt = this.clock.now();
    const answer = (outcome: ExportOutcome) => {
      const inTime = this.clock.now() < openedAt + TIMEOUT_MS;
      if (outcome.code === 0 && inTime) this.taken += spans.length;
      report(outcome);
    };
    this.open.push({ spans: spans.length, answer });
  }

  shutdown(): Promise<void> {
    return Promise.resolve();
  }
}

function setUp() {
  const clock = new FakeClock();
  const collector = new Collector(clock);
  const told: unknown[] = [];
  const timed = new TimedExporter(collector, TIMEOUT_MS, clock);
  const batcher = new SpanBatcher({
    exporter: timed,
    clock,
    reporter: {
      failing: (error) => told.push((error as Error).message),
      recovered: (lost) => told.push(lost),
    },
  });
  const end = (spans: number) => {
    for (let i = 0; i < spans; i++) batcher.onEnd({});
  };
  return { clock, collector, told, timed, batcher, end };
}

describe('SpanBatcher', () => {
  it('sends a full batch at once and the rest after a while', async () => {
    const { clock, collector, batcher, end } = setUp();
    end(MAX_BATCH_SPANS + 3);
    expect(collector.open.map(({ spans }) => spans)).toEqual([MAX_BATCH_SPANS]);
    await clock.advance(5000);
    expect(collector.open.map(({ spans }) => spans)).toEqual([MAX_BATCH_SPANS, 3]);
    for (const { answer } of collector.open) answer({ code: 0 });
    await batcher.shutdown();
    expect(batcher.lostSpans).toBe(0);
    expect(clock.scheduled).toBe(0);
  });

  it('counts what a collector that never answers costs, tells it once, and how it ended', async () => {
    const { clock, collector, told, batcher, end } = setUp();
    for (let i = 0; i < 3; i++) {
      end(MAX_BATCH_SPANS);
      await clock.advance(TIMEOUT_MS);
    }
    expect(batcher.lostSpans).toBe(3 * MAX_BATCH_SPANS);
    expect(told).toEqual(['no answer within 10000 ms']);
    // Too late, and no news.
    for (const { answer } of collector.open.splice(0)) answer({ code: 0 });
    expect(batcher.lostSpans).toBe(3 * MAX_BATCH_SPANS);
    end(MAX_BATCH_SPANS);
    collector.open.pop()?.answer({ code: 0 });
    expect(told).toEqual(['no answer within 10000 ms', 3 * MAX_BATCH_SPANS]);
    expect(clock.scheduled).toBe(0);
  });

  it('holds a bounded number of spans, and counts those beyond', () => {
    const { collector, batcher, end } = setUp();
    const bound = MAX_PENDING_EXPORTS * MAX_BATCH_SPANS + MAX_QUEUED_SPANS;
    end(bound + 1000);
    expect(collector.open).toHaveLength(MAX_PENDING_EXPORTS);
    expect(batcher.lostSpans).toBe(1000);
  });

  it('asks an exporter that never reports no more after a while', async () => {
    const { clock, collector, batcher, end } = setUp();
    for (let i = 0; i < 100; i++) {
      end(MAX_BATCH_SPANS);
      await clock.advance(TIMEOUT_MS);
    }
    expect(collector.open).toHaveLength(16);
    expect(batcher.lostSpans).toBe(100 * MAX_BATCH_SPANS);
  });

  it('warns at most once a minute of a collector that comes and goes', async () => {
    const { clock, collector, told, end } = setUp();
    for (let i = 0; i < 20; i++) {
      end(MAX_BATCH_SPANS);
      collector.open.pop()?.answer(refused);
      end(MAX_BATCH_SPANS);
      collector.open.pop()?.answer({ code: 0 });
      await clock.advance(10_000);
    }
    expect(told.filter((what) => what === 'refused')).toHaveLength(4);
  });

  it('takes each span to the collector or counts it, whatever the collector does', async () => {
    const step = fc.oneof(
      fc.record({ end: fc.integer({ min: 1, max: 3000 }) }),
      fc.record({ advance: fc.constantFrom(100, 5000, 11_000) }),
      fc.record({ answer: fc.constantFrom('taken', 'refused', 'throws', 'twice') }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.boolean(), async (steps, hangs) => {
        const { clock, collector, batcher, timed, end } = setUp();
        let ended = 0;
        for (const each of steps) {
          if ('end' in each) {
            ended += each.end;
            end(each.end);
          } else if ('advance' in each) {
            await clock.advance(each.advance);
          } else if (each.answer === 'throws') {
            collector.throws = !collector.throws;
          } else {
            const outcome = each.answer === 'refused' ? refused : { code: 0 };
            const next = collector.open.shift();
            next?.answer(outcome);
            const { taken } = collector;
            if (each.answer === 'twice') next?.answer(outcome);
            collector.taken = taken;
          }
        }
        collector.throws = false;
        const stopped = batcher.shutdown();
        for (let open = collector.open.shift(); !hangs && open; open = collector.open.shift()) {
          open.answer({ code: 0 });
        }
        if (!hangs) await stopped;
        batcher.giveUp();
        timed.abort();
        end(1);
        expect(collector.taken + batcher.lostSpans).toBe(ended + 1);
      }),
      { numRuns: 200 },
    );
  });
});
