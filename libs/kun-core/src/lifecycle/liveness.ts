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
  /** Gets a line when a check begins or ceases to fail. Default: nothing is written. */
  readonly logger?: ProbeLogger;
}

/**
 * Whether only a restart would help this process; `/livez` follows it. Alive from the first moment to the last,
 * drain included. A check belongs here only if a restart would mend what it finds, never because an upstream or a
 * database is away: that is readiness. Inject it by its class.
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

  /** Asks for a restart: `/livez` fails until {@link setAlive}, with the reason. */
  setDead(reason = 'set dead'): void {
    this.dead = reason;
    this.publish();
  }

  /** Takes back {@link setDead}. */
  setAlive(): void {
    this.dead = undefined;
    this.publish();
  }

  /**
   * Makes liveness depend on a check, run when `/livez` is asked, and returns what removes it.
   *
   * @throws {Error} when the name is taken, reserved (`service`), or not of letters, digits, `.`, `_` and `-`.
   */
  addCheck(name: string, check: Check, options?: CheckOptions): () => void {
    return this.checks.add(name, check, 'passing', options);
  }

  /** Whether it is alive, by what is known without running the checks again: now, and at every change. */
  get changes$(): Observable<boolean> {
    return this.state.asObservable();
  }

  get isAlive(): boolean {
    return this.reasons.length === 0;
  }

  /** Why it is dead, by what is known without running the checks again; nothing when alive. */
  get reasons(): readonly string[] {
    return [...(this.dead === undefined ? [] : [this.dead]), ...this.checks.failing];
  }

  private publish(): void {
    if (this.state.value !== this.isAlive) this.state.next(this.isAlive);
  }

  /** What `/livez` answers; runs the checks. */
  async report(): Promise<ProbeReport> {
    const checks = await this.checks.run();
    return {
      service: this.dead === undefined ? { status: 'up' } : { status: 'down', reason: this.dead },
      ...checks,
    };
  }
}
