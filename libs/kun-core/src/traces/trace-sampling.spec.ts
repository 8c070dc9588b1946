import { ROOT_CONTEXT, SamplingDecision, trace, TraceFlags } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { decidedToRecord, RatioSampler, TrustedCallers } from './trace-sampling.js';

const parent = (traceFlags: TraceFlags) =>
  trace.setSpanContext(ROOT_CONTEXT, { traceId: '1'.repeat(32), spanId: '1'.repeat(16), traceFlags });

describe('RatioSampler', () => {
  it('records its share of the traces that begin here', () => {
    const sampler = new RatioSampler(0.25, () => 0.249);
    expect(sampler.decide()).toBe(true);
    expect(new RatioSampler(0.25, () => 0.25).decide()).toBe(false);
    expect(new RatioSampler(0, () => 0).decide()).toBe(false);
    expect(new RatioSampler(1, () => 0.999).decide()).toBe(true);
  });

  it('follows the caller, and a decision taken before', () => {
    const never = new RatioSampler(0);
    expect(never.shouldSample(parent(TraceFlags.SAMPLED)).decision).toBe(SamplingDecision.RECORD_AND_SAMPLED);
    expect(never.shouldSample(decidedToRecord(ROOT_CONTEXT)).decision).toBe(
      SamplingDecision.RECORD_AND_SAMPLED,
    );
    expect(never.shouldSample(ROOT_CONTEXT).decision).toBe(SamplingDecision.NOT_RECORD);
    expect(new RatioSampler(1).shouldSample(parent(TraceFlags.NONE)).decision).toBe(
      SamplingDecision.NOT_RECORD,
    );
  });

  it.each([-0.1, 1.1, Number.NaN])('refuses %d', (ratio) => {
    expect(() => new RatioSampler(ratio)).toThrow(RangeError);
  });
});

const decisions = (callers: TrustedCallers, count: number, nowMs: number) =>
  Array.from({ length: count }, () => callers.decision(true, nowMs)).filter((decision) => decision === true)
    .length;

describe('TrustedCallers', () => {
  it.each([
    ['yes', 1000, false],
    ['capped', 100, false],
    ['no', 0, undefined],
  ] as const)('%s', (trust, followed, whenNotSampled) => {
    const callers = new TrustedCallers(trust);
    expect(decisions(callers, 1000, 5000)).toBe(followed);
    expect(decisions(callers, 1000, 6000)).toBe(followed);
    expect(callers.decision(false, 6000)).toBe(whenNotSampled);
    expect(callers.decision(undefined, 7000)).toBeUndefined();
  });
});
