/** Which of the lines of one method to write; as zap, Go's logger of kunapp, samples. */
export interface SamplingOptions {
  /** So many in each second are written. Default: 100 */
  readonly initialPerSecond?: number;
  /** After those, one in this many of the same second is written; 0: none. Default: 100 */
  readonly thereafter?: number;
}

const DEFAULT_INITIAL = 100;
const DEFAULT_THEREAFTER = 100;

/**
 * What of the lines is written whose pace callers set, and not the service: calls of methods that nobody has, requests
 * that cannot be read, refused calls and handshakes. Else whoever reaches the port writes the log full.
 */
export const CALLERS_LINES: Required<SamplingOptions> = { initialPerSecond: 20, thereafter: 0 };

/** Picks lines of one kind, and says with the next how many were left out. */
export class LineSampler {
  private second = Number.NaN;
  private seen = 0;
  private skipped = 0;
  private readonly initial: number;
  private readonly thereafter: number;

  constructor(options: SamplingOptions) {
    this.initial = options.initialPerSecond ?? DEFAULT_INITIAL;
    this.thereafter = options.thereafter ?? DEFAULT_THEREAFTER;
  }

  /** `undefined`: leave the line out; else write it, and say how many were left out before it. */
  take(nowMs: number): number | undefined {
    const second = Math.floor(nowMs / 1000);
    if (second !== this.second) {
      this.second = second;
      this.seen = 0;
    }
    this.seen++;
    const beyond = this.seen - this.initial;
    if (beyond > 0 && (this.thereafter === 0 || beyond % this.thereafter !== 0)) {
      this.skipped++;
      return undefined;
    }
    const skipped = this.skipped;
    this.skipped = 0;
    return skipped;
  }
}
