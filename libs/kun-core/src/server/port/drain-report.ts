/** A call that had to be forced. */
export interface ForcedCall {
  /** `/package.Service/Method`. */
  readonly method: string;
  readonly requestId: string;
  readonly ageMs: number;
}

/** How the server's calls ended when it was drained. */
export interface DrainReport {
  /** Calls that were open when the drain began and ended by themselves. */
  readonly drained: number;
  /** Streams that were ended with UNAVAILABLE, and whose handlers then left. */
  readonly ended: number;
  /** Calls or handlers that were not over at the drain timeout. */
  readonly forced: readonly ForcedCall[];
}
