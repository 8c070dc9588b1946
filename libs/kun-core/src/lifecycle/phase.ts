/** A part of the application, in start order; the stop plan says when it is stopped. */
export interface Phase {
  /** Shown in the report and in errors, as `gRPC port`; if it has a `stop`, the name of its step in the plan. */
  readonly name: string;
  start?(): Promise<void> | void;
  /**
   * Undoes `start`, and is called only when that has begun. The result goes into the report; `clean: false` makes the
   * exit code 1.
   */
  stop?(context: StopContext): Promise<PhaseOutcome | void> | PhaseOutcome | void;
}

/** What a phase receives when it is stopped. */
export interface StopContext {
  /** Aborts on a second signal: finish immediately. */
  readonly force: AbortSignal;
  /** The limit of this step in the plan, in milliseconds. */
  readonly limitMs: number;
}

/** The outcome of stopping a phase. */
export interface PhaseOutcome {
  /** Default: true */
  readonly clean?: boolean;
  /** Facts for the report. */
  readonly facts?: Readonly<Record<string, unknown>>;
}

/** A stopped phase in the report. */
export interface PhaseReport {
  readonly name: string;
  readonly durationMs: number;
  readonly error?: unknown;
}

/** The outcome of a stop: logged as one line, and reflected in the exit code. */
export interface StopReport {
  /** `SIGTERM`, `close()`, or the failure. */
  readonly reason: string;
  readonly phases: readonly PhaseReport[];
  readonly durationMs: number;
  /** False if something was forced, hung or failed. */
  readonly clean: boolean;
  readonly facts: Readonly<Record<string, unknown>>;
}
