import { createContextKey, SamplingDecision, trace, TraceFlags, type Context } from '@opentelemetry/api';

const DECIDED = createContextKey('kun: to be recorded');

/** Says in a context that its span is to be recorded, so that the decision is taken once. */
export function decidedToRecord(context: Context): Context {
  return context.setValue(DECIDED, true);
}

/**
 * Records a share of the traces that begin here, and follows the caller in those that do not. It is a sampler of
 * OpenTelemetry's SDK, and can be asked before a span exists: a call that is not recorded then costs one number.
 */
export class RatioSampler {
  /**
   * @param ratio the share of the traces to record, 0 to 1
   * @param random numbers from 0 to below 1
   * @throws RangeError when the ratio is none
   */
  constructor(
    private readonly ratio: number,
    private readonly random: () => number = Math.random,
  ) {
    if (!(ratio >= 0 && ratio <= 1))
      throw new RangeError(`A sampling ratio lies between 0 and 1, found ${ratio}`);
  }

  /** Whether to record a trace that begins here. */
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
