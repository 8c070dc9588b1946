/** How many lines of one method to write, with the sampling rules of zap, the logger of kunapp. */
export interface SamplingOptions {
  /** The number of lines written in each second. Default: 100 */
  readonly initialPerSecond?: number;
  /** Beyond those, every n-th line of the same second is written; 0: none. Default: 100 */
  readonly thereafter?: number;
}

const DEFAULT_INITIAL = 100;
const DEFAULT_THEREAFTER = 100;

/**
 * The limit on log lines whose rate callers control: calls of unknown methods, unreadable requests, refused calls and
 * handshakes. Without it anyone who can reach the port could flood the log.
 */
export const CALLERS_LINES: Required<SamplingOptions> = { initialPerSecond: 20, thereafter: 0 };

/** Samples lines of one kind, and reports with the next line how many were dropped. */
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

  /** Returns `undefined` to drop the line, else the number of lines dropped before it. */
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
