import { BehaviorSubject, type Observable } from 'rxjs';
import type { ProbeReport } from './checks.js';

/**
 * Whether the start is complete; `/startupz` follows it. Kubernetes runs liveness and readiness probes only afterwards,
 * so a slow start only needs a patient startup probe. Inject it by its class.
 */
export class Startup {
  private readonly started = new BehaviorSubject(false);

  get isStarted(): boolean {
    return this.started.value;
  }

  /** Whether the start is complete: now, and at the change. */
  get changes$(): Observable<boolean> {
    return this.started.asObservable();
  }

  /** Marks the start as complete; this is final. For the lifecycle only. */
  markStarted(): void {
    if (!this.isStarted) this.started.next(true);
  }

  /** The response of `/startupz`. */
  report(): Promise<ProbeReport> {
    return Promise.resolve({ lifecycle: { status: this.isStarted ? 'up' : 'down' } });
  }
}
