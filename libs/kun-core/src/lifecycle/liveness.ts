import { BehaviorSubject, type Observable } from 'rxjs';
import {
  Checks,
  silentProbeLogger,
  type Check,
  type CheckOptions,
  type ProbeLogger,
  type ProbeReport,
} from './checks.js';

/** Options of {@link Liveness}. */
export interface LivenessOptions {
  /** Logs that a check begins or stops failing. Default: nothing is logged */
  readonly logger?: ProbeLogger;
}

/**
 * Whether only a restart would help this process; `/livez` follows it. Alive from the first moment to the last, drain
 * included. Add a check here only if a restart would fix what it detects, never because an upstream or a database is
 * unreachable: that is readiness. Inject it by its class.
 */
export class Liveness {
  private readonly state = new BehaviorSubject(true);
  private readonly checks: Checks;
  private dead: string | undefined;

  constructor(options: LivenessOptions = {}) {
    this.checks = new Checks({
      probe: 'liveness',
      logger: options.logger ?? silentProbeLogger,
      reserved: ['service'],
      onTransition: () => this.publish(),
    });
  }

  /** Requests a restart: `/livez` fails with the reason until {@link setAlive}. */
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
   * Makes liveness depend on a check that runs when `/livez` is requested; returns a function that removes it.
   *
   * @throws {Error} when the name is taken, reserved (`service`), or contains other characters than letters, digits,
   * `.`, `_` and `-`.
   */
  addCheck(name: string, check: Check, options?: CheckOptions): () => void {
    return this.checks.add(name, check, 'passing', options);
  }

  /** Whether it is alive by the last results, without running checks: now, and at every change. */
  get changes$(): Observable<boolean> {
    return this.state.asObservable();
  }

  get isAlive(): boolean {
    return this.reasons.length === 0;
  }

  /** Why it is dead by the last results, without running checks; empty when alive. */
  get reasons(): readonly string[] {
    return [...(this.dead === undefined ? [] : [this.dead]), ...this.checks.failing];
  }

  private publish(): void {
    if (this.state.value !== this.isAlive) this.state.next(this.isAlive);
  }

  /** The response of `/livez`; runs the checks. */
  async report(): Promise<ProbeReport> {
    const checks = await this.checks.run();
    return {
      service: this.dead === undefined ? { status: 'up' } : { status: 'down', reason: this.dead },
      ...checks,
    };
  }
}
