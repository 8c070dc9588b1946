import { createContextKey, SamplingDecision, trace, TraceFlags, type Context } from '@opentelemetry/api';

const DECIDED = createContextKey('kun: to be recorded');

/** Marks a context so that its span is recorded, so that the decision is made only once. */
export function decidedToRecord(context: Context): Context {
  return context.setValue(DECIDED, true);
}

/**
 * Samples a share of the traces that begin here, and follows the caller in others. It is an OpenTelemetry SDK sampler
 * that can also be consulted before a span exists: an unsampled call then costs one random number.
 */
export class RatioSampler {
  /**
   * @param ratio the share of traces to sample, 0 to 1
   * @param random returns numbers from 0 to below 1
   * @throws {RangeError} when the ratio is out of range.
   */
  constructor(
    private readonly ratio: number,
    private readonly random: () => number = Math.random,
  ) {
    if (!(ratio >= 0 && ratio <= 1))
      throw new RangeError(`A sampling ratio must be between 0 and 1, found ${ratio}`);
  }

  /** Whether to sample a trace that begins here. */
  decide(): boolean {
    return this.random() < this.ratio;
  }

  shouldSample(context: Context): { decision: SamplingDecision } {
    return {
      decision: this.records(context) ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.NOT_RECORD,
    };
  }

  toString(): string {
    return `RatioSampler{${this.ratio}}`;
  }

  private records(context: Context): boolean {
    if (context.getValue(DECIDED) === true) return true;
    const parent = trace.getSpanContext(context);
    return parent ? (parent.traceFlags & TraceFlags.SAMPLED) !== 0 : this.decide();
  }
}

/** Whether callers' sampling decisions are honoured. */
export type CallerTrust = 'yes' | 'no' | 'capped';

/** How many traces per second `capped` records because callers request it. */
export const CALLERS_TRACES_PER_SECOND = 100;

/**
 * Decides whether a caller's sampling decision is honoured:
 * - `yes`: always. Traces are complete, but whoever can call determines their cost.
 * - `capped`: for a limited number of calls per second, enough for a usual fleet; a caller that always samples cannot
 *   make the service record everything. Beyond that the service's own ratio decides.
 * - `no`: never, in either direction: the service's own ratio decides, as at the edge of a fleet. The call still
 *   belongs to the caller's trace.
 */
export class TrustedCallers {
  private second = Number.NaN;
  private followed = 0;

  constructor(
    private readonly trust: CallerTrust,
    private readonly perSecond = CALLERS_TRACES_PER_SECOND,
  ) {}

  /** The caller's decision if it is honoured; `undefined` when the service decides. */
  decision(sampled: boolean | undefined, nowMs: number): boolean | undefined {
    if (sampled === undefined || this.trust === 'no') return undefined;
    if (!sampled || this.trust === 'yes') return sampled;
    const second = Math.floor(nowMs / 1000);
    if (second !== this.second) {
      this.second = second;
      this.followed = 0;
    }
    return this.followed++ < this.perSecond ? true : undefined;
  }
}
