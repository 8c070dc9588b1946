import { BehaviorSubject, type Observable } from 'rxjs';
import { systemClock, type Clock } from '../clock.js';
import {
  Checks,
  silentProbeLogger,
  type Check,
  type CheckOptions,
  type ProbeLogger,
  type ProbeReport,
} from './checks.js';

/** The stages of a process, in order; it never goes back. */
export type ReadinessPhase = 'starting' | 'serving' | 'draining' | 'stopped';

/** Whether the service is ready and, if not, all reasons why. */
export interface ReadinessState {
  readonly ready: boolean;
  readonly reasons: readonly string[];
}

/** Something worth showing next to readiness that does not affect it. */
export interface ReadinessNote {
  readonly status: 'up' | 'degraded';
  readonly [fact: string]: unknown;
}

/** Options of {@link Readiness}. */
export interface ReadinessOptions {
  /** Default: the system clock */
  readonly clock?: Clock;
  /** Logs that a check begins or stops failing. Default: nothing is logged */
  readonly logger?: ProbeLogger;
  /** How often checks run on their own while the service is serving, in milliseconds. Default 5000. */
  readonly pollIntervalMs?: number;
}

/**
 * Whether this instance wants calls; `/readyz` and grpc.health.v1 follow it. It is ready when all of these hold:
 *
 * - the lifecycle is in the phase `serving`, which it alone sets;
 * - the user has not called {@link setDead}, or has called {@link setAlive} since;
 * - no {@link hold} is held;
 * - no check added with {@link addCheck} fails. Before its first result a check counts as failing if it was added
 *   before serving began, and as passing if added later: adding one must not take a serving instance out of rotation.
 *
 * So `setAlive()` during a drain does not make it ready again. Inject it by its class.
 */
export class Readiness {
  private readonly clock: Clock;
  private readonly pollIntervalMs: number;
  private readonly checks: Checks;
  private readonly notes = new Map<string, () => ReadinessNote>();
  private readonly holds = new Set<{ readonly name: string }>();
  private readonly state: BehaviorSubject<ReadinessState>;
  private entered: ReadinessPhase = 'starting';
  private dead: string | undefined;
  private polling = false;
  private cancelPoll: () => void = () => undefined;

  constructor(options: ReadinessOptions = {}) {
    this.clock = options.clock ?? systemClock;
    this.pollIntervalMs = options.pollIntervalMs ?? 5000;
    this.checks = new Checks({
      probe: 'readiness',
      logger: options.logger ?? silentProbeLogger,
      reserved: ['lifecycle', 'service', 'holds'],
      onTransition: () => this.publish(),
    });
    this.state = new BehaviorSubject(this.now());
  }

  /** Takes this instance out of load balancing until {@link setAlive}; the reason is shown at `/readyz`. */
  setDead(reason = 'set dead'): void {
    this.dead = reason;
    this.publish();
  }

  /** Undoes {@link setDead}. */
  setAlive(): void {
    this.dead = undefined;
    this.publish();
  }

  /**
   * Keeps the service not ready until released, by the returned function (only this hold) or by {@link release} with
   * its name (all holds of that name). Both are idempotent.
   */
  hold(name: string): () => void {
    const hold = { name };
    this.holds.add(hold);
    this.publish();
    return () => {
      if (this.holds.delete(hold)) this.publish();
    };
  }

  /** Releases every {@link hold} of this name. */
  release(name: string): void {
    for (const hold of this.holds) if (hold.name === name) this.holds.delete(hold);
    this.publish();
  }

  /**
   * Makes readiness depend on a check; returns a function that removes it. The check runs when `/readyz` is requested
   * and, while the service is serving, every `pollIntervalMs`, so that grpc.health.v1 stays current.
   *
   * @throws {Error} when the name is taken, reserved (`lifecycle`, `service`, `holds`), or contains other characters
   * than letters, digits, `.`, `_` and `-`.
   */
  addCheck(name: string, check: Check, options?: CheckOptions): () => void {
    const remove = this.checks.add(name, check, this.entered === 'starting' ? 'failing' : 'passing', options);
    this.publish();
    this.startPolling();
    return remove;
  }

  /**
   * Adds information to `/readyz` that does not affect it: the status stays 200 with a degraded note.
   *
   * @throws {Error} when the name is taken by another note.
   */
  addNote(name: string, note: () => ReadinessNote): void {
    if (this.notes.has(name))
      throw new Error(`readiness already notes "${name}"; give the note another name`);
    this.notes.set(name, note);
  }

  get isReady(): boolean {
    return this.state.value.ready;
  }

  /** All reasons why it is not ready; empty when ready. */
  get reasons(): readonly string[] {
    return this.state.value.reasons;
  }

  get phase(): ReadinessPhase {
    return this.entered;
  }

  /** The current state and every change; completes when stopped. */
  get changes$(): Observable<ReadinessState> {
    return this.state.asObservable();
  }

  /** Moves to a later phase; an earlier one is ignored, because a stop may overtake a start. For the lifecycle only. */
  enter(phase: Exclude<ReadinessPhase, 'starting'>): void {
    if (PHASES.indexOf(phase) <= PHASES.indexOf(this.entered)) return;
    this.entered = phase;
    this.publish();
    if (phase === 'serving') this.startPolling();
    else this.stopPolling();
    if (phase === 'stopped') this.state.complete();
  }

  /** The response of `/readyz`: runs the checks, unless the drain has begun and their dependencies may be gone. */
  async report(): Promise<ProbeReport> {
    const checks = this.isUnderway() ? await this.checks.run() : {};
    const holds = [...new Set([...this.holds].map((hold) => hold.name))];
    return {
      lifecycle: { status: upIf(this.entered === 'serving'), phase: this.entered },
      service: {
        status: upIf(this.dead === undefined),
        ...(this.dead === undefined ? {} : { reason: this.dead }),
      },
      holds: { status: upIf(holds.length === 0), ...(holds.length === 0 ? {} : { names: holds }) },
      ...Object.fromEntries([...this.notes].map(([name, note]) => [name, note()])),
      ...checks,
    };
  }

  private isUnderway(): boolean {
    return this.entered === 'starting' || this.entered === 'serving';
  }

  private now(): ReadinessState {
    const reasons = [
      ...(this.entered === 'serving' ? [] : [this.entered]),
      ...(this.dead === undefined ? [] : [this.dead]),
      ...[...this.holds].map((hold) => `held by ${hold.name}`),
      ...(this.isUnderway() ? this.checks.failing : []),
    ];
    return Object.freeze({ ready: reasons.length === 0, reasons: Object.freeze(reasons) });
  }

  private publish(): void {
    const before = this.state.value.reasons;
    const state = this.now();
    const same =
      before.length === state.reasons.length && before.every((reason, i) => reason === state.reasons[i]);
    if (!same) this.state.next(state);
  }

  private startPolling(): void {
    if (this.polling || this.entered !== 'serving' || this.checks.size === 0) return;
    this.polling = true;
    void this.poll();
  }

  private stopPolling(): void {
    this.polling = false;
    this.cancelPoll();
  }

  private async poll(): Promise<void> {
    await this.checks.run();
    if (this.checks.size === 0) this.polling = false;
    if (this.polling) this.cancelPoll = this.clock.schedule(this.pollIntervalMs, () => void this.poll());
  }
}

const PHASES: readonly ReadinessPhase[] = ['starting', 'serving', 'draining', 'stopped'];

function upIf(condition: boolean): 'up' | 'down' {
  return condition ? 'up' : 'down';
}
