/** One part of the application, in the order it is started; the stop plan says when it is stopped. */
export interface Phase {
  /** Shown in the report and in errors, as `gRPC port`; a phase with a `stop` has the name of its step in the plan. */
  readonly name: string;
  start?(): Promise<void> | void;
  /**
   * Undoes `start`, and is called only when that has begun. What it returns goes into the report; `clean: false`
   * makes the exit code 1.
   */
  stop?(context: StopContext): Promise<PhaseOutcome | void> | PhaseOutcome | void;
}

/** What a phase is told when it is stopped. */
export interface StopContext {
  /** Aborts on a second signal: finish now. */
  readonly force: AbortSignal;
  /** The limit of this step in the plan. */
  readonly limitMs: number;
}

/** What stopping a phase came to. */
export interface PhaseOutcome {
  /** Default true. */
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

/** How the stop went: one line in the log, and the exit code. */
export interface StopReport {
  /** `SIGTERM`, `close()`, or what failed. */
  readonly reason: string;
  readonly phases: readonly PhaseReport[];
  readonly durationMs: number;
  /** False when something was forced, hung or failed. */
  readonly clean: boolean;
  readonly facts: Readonly<Record<string, unknown>>;
}
