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
