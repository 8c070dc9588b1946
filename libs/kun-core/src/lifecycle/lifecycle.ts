import { AsyncLocalStorage } from 'node:async_hooks';
import { systemClock, type Clock } from '../clock.js';
import type { Phase, PhaseOutcome, PhaseReport, StopReport } from './phase.js';
import { runStep } from './step.js';
import type { NamedCallback } from './stop-callbacks.js';
import { STOP_MARGIN_MS, type TimedStep } from './stop-plan.js';

/** The state of the application. It passes through these in order, and may skip from `starting` to `stopping`. */
export type LifecycleState = 'idle' | 'starting' | 'serving' | 'stopping' | 'stopped';

/** A start failed: names the phase and carries the cause. What had started was stopped again. */
export class StartError extends Error {
  override readonly name = 'StartError';

  constructor(
    readonly phase: string,
    cause: unknown,
  ) {
    super(`${phase}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** Called when a start or stop is over, and awaited. */
export interface LifecycleObserver {
  /**
   * A start failed, and what had started is about to be rolled back. Not called for a start that was abandoned because
   * of a stop.
   */
  onFailed?(error: unknown): Promise<void>;
  /** Everything has stopped. */
  onStopped?(report: StopReport): Promise<void>;
}

/**
 * Coordinates start and stop. Inject it to register callbacks (kunapp's start and stop callbacks), and to tie
 * background work to `stopping`.
 */
export class Lifecycle {
  private readonly outsideOfCalls = AsyncLocalStorage.snapshot();
  private readonly stoppingController = new AbortController();
  private readonly forceController = new AbortController();
  private readonly started: Phase[] = [];
  private steps: readonly TimedStep[] = [];
  private readonly startCallbacks: NamedCallback[] = [];
  private readonly stopCallbacks: NamedCallback[] = [];
  private current: LifecycleState = 'idle';
  private starting: Promise<void> | undefined;
  private stopped: Promise<StopReport> | undefined;
  private failure: unknown;
  private startedInVain: unknown;
  private observer: LifecycleObserver = {};
  private reportStopped!: (report: StopReport) => void;
  /** Resolves when the application has stopped. */
  readonly whenStopped = new Promise<StopReport>((resolve) => (this.reportStopped = resolve));

  constructor(private readonly clock: Clock = systemClock) {}

  get state(): LifecycleState {
    return this.current;
  }

  /** Aborts when the stop begins, before anything is torn down: tie background work to it. */
  get stopping(): AbortSignal {
    return this.stoppingController.signal;
  }

  /** Runs `callback` when the service is ready, in registration order; a failure fails the start. */
  onStart(name: string, callback: NamedCallback['run']): void {
    this.startCallbacks.push({ name, run: callback });
  }

  /** Runs `callback` after the last call has ended and before any `onModuleDestroy`, in reverse registration order. */
  onStop(name: string, callback: NamedCallback['run']): void {
    this.stopCallbacks.push({ name, run: callback });
  }

  /**
   * Starts the phases in sequence, then runs the start callbacks. The stop executes `steps`, the plan with the limits
   * of this application, and stops the phase named by each step.
   *
   * @throws {StartError} naming the phase that failed, after stopping what had started.
   * @throws {TypeError} when a phase with a `stop` has no step in the plan.
   */
  start(
    phases: readonly Phase[],
    steps: readonly TimedStep[],
    observer: LifecycleObserver = {},
  ): Promise<void> {
    const forgotten = phases.find((phase) => phase.stop && !steps.some(({ name }) => name === phase.name));
    if (forgotten) return Promise.reject(new TypeError(`"${forgotten.name}" has no step in the stop plan`));
    if (this.current !== 'idle') {
      const error = new Error(`start() may be called only once: the application is already ${this.current}`);
      if (this.stopped) this.startedInVain = error;
      return Promise.reject(error);
    }
    this.current = 'starting';
    this.steps = steps;
    this.observer = observer;
    this.starting = this.startAll(phases).catch(async (error: unknown) => {
      if (!this.stopped) {
        this.failure = error;
        await observer.onFailed?.(error);
      }
      throw error;
    });
    return this.starting.catch(async (error: unknown) => {
      if (this.failure !== error) this.startedInVain = error;
      await this.stop(`${error instanceof StartError ? error.phase : 'start'} failed to start`);
      throw error;
    });
  }

  /** Whether the start failed, so that there is no stop to report. */
  get startFailed(): boolean {
    return this.failure instanceof StartError;
  }

  /** Stops everything, once: further calls get the same report. A stop during the start waits for the current phase. */
  stop(reason: string): Promise<StopReport> {
    // The stop must not run in the context of the call that requested it.
    this.stopped ??= this.outsideOfCalls(() => this.stopAfterStart(reason));
    return this.stopped;
  }

  /** Stops because the process can no longer be trusted, and makes the exit code 1. */
  fail(error: unknown, reason = 'failure'): void {
    this.failure ??= error ?? new Error('unknown');
    void this.stop(reason);
  }

  /** Rolls back after a failure before the start. */
  abandon(error: StartError): void {
    this.failure ??= error;
  }

  /** The first error passed to {@link fail}. */
  get failed(): unknown {
    return this.failure;
  }

  /** Whether the error only means that a stop was requested before the start was complete. */
  isStopOf(error: unknown): boolean {
    return this.stopped !== undefined && error === this.startedInVain;
  }

  /** Forces a running stop. */
  force(): void {
    this.forceController.abort();
  }

  /** The stop callbacks, in execution order. */
  get callbacksToStop(): readonly NamedCallback[] {
    return this.stopCallbacks.toReversed();
  }

  private async startAll(phases: readonly Phase[]): Promise<void> {
    const callbacks = { name: 'start callbacks', start: () => this.runStartCallbacks() };
    for (const phase of [...phases, callbacks]) {
      if (this.stopped) throw new StartError(phase.name, new Error('the application was told to stop'));
      this.started.push(phase);
      try {
        await phase.start?.();
      } catch (cause) {
        throw cause instanceof StartError ? cause : new StartError(phase.name, cause);
      }
    }
    this.current = 'serving';
  }

  private async runStartCallbacks(): Promise<void> {
    for (const { name, run } of this.startCallbacks) {
      try {
        await run();
      } catch (cause) {
        throw new StartError(`start callback "${name}"`, cause);
      }
    }
  }

  private async stopAfterStart(reason: string): Promise<StopReport> {
    const { starting } = this;
    this.stoppingController.abort();
    // A phase that is starting may complete, and is then stopped with the others, unless the stop is forced.
    const started = starting?.then(done, done).then(() => true) ?? true;
    const forced = new Promise<false>((resolve) => {
      this.forceController.signal.addEventListener('abort', () => resolve(false), { once: true });
    });
    if (!(await Promise.race([started, forced]))) {
      this.failure ??= new Error('the start was cut short');
    }
    return this.stopStarted(reason);
  }

  private async stopStarted(reason: string): Promise<StopReport> {
    const began = this.clock.monotonicMs();
    this.current = 'stopping';
    this.stoppingController.abort();
    const phases: PhaseReport[] = [];
    const facts: Record<string, unknown> = {};
    let clean = true;
    for (const step of this.steps) {
      const phase = this.started.find((candidate) => candidate.stop && candidate.name === step.name);
      if (!phase) continue;
      const { outcome, report } = await this.stopPhase(phase, step);
      phases.push(report);
      Object.assign(facts, outcome?.facts);
      clean &&= outcome?.clean !== false && report.error === undefined;
    }
    this.current = 'stopped';
    const durationMs = Math.round(this.clock.monotonicMs() - began);
    // Read last: the failure may have happened during the stop.
    const report = { reason, phases, facts, clean: clean && this.failure === undefined, durationMs };
    await this.observer.onStopped?.(report);
    this.reportStopped(report);
    return report;
  }

  private async stopPhase(
    phase: Phase,
    { limitMs, keepsLimit }: TimedStep,
  ): Promise<{ outcome?: PhaseOutcome; report: PhaseReport }> {
    const began = this.clock.monotonicMs();
    const durationMs = () => Math.round(this.clock.monotonicMs() - began);
    const force = this.forceController.signal;
    // Steps that enforce their own limit are still supervised, so that the stop ends whatever hangs.
    const limit = keepsLimit ? { timeoutMs: limitMs + STOP_MARGIN_MS } : { timeoutMs: limitMs, force };
    try {
      const stop = () => phase.stop?.({ force, limitMs });
      const outcome = (await runStep(this.clock, phase.name, stop, limit)) ?? {};
      return { outcome, report: { name: phase.name, durationMs: durationMs() } };
    } catch (error) {
      return { report: { name: phase.name, durationMs: durationMs(), error } };
    }
  }
}

function done(): void {}
