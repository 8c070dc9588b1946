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
   * @throws {RangeError} when it is not a ratio.
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

/** Whether callers decide that their traces are recorded here. */
export type CallerTrust = 'yes' | 'no' | 'capped';

/** How many traces `capped` records in a second because callers ask for it. */
export const CALLERS_TRACES_PER_SECOND = 100;

/**
 * Decides whether a caller's wish to be recorded is followed:
 * - `yes`: always. Traces are whole; whoever can call decides what they cost.
 * - `capped`: for so many calls in a second, those of a usual fleet; a caller who asks always cannot make the service
 *   record everything. Beyond that the service's own ratio decides.
 * - `no`: never, in either direction: the service's own ratio decides, as at the edge of a fleet. The call still belongs
 *   to the caller's trace.
 */
export class TrustedCallers {
  private second = Number.NaN;
  private followed = 0;

  constructor(
    private readonly trust: CallerTrust,
    private readonly perSecond = CALLERS_TRACES_PER_SECOND,
  ) {}

  /** What the caller decided, as far as it counts; `undefined` where the service decides. */
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
