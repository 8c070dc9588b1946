import { BehaviorSubject, type Observable } from 'rxjs';
import type { ProbeReport } from './checks.js';

/**
 * Whether the start is complete; `/startupz` follows it. Kubernetes asks liveness and readiness only afterwards, so
 * a slow start needs a patient startup probe and nothing else. Inject it by its class.
 */
export class Startup {
  private readonly started = new BehaviorSubject(false);

  get isStarted(): boolean {
    return this.started.value;
  }

  /** Whether it is complete: now, and when it becomes so. */
  get changes$(): Observable<boolean> {
    return this.started.asObservable();
  }

  /** Says that the start is complete; there is no way back. For the lifecycle only. */
  markStarted(): void {
    if (!this.isStarted) this.started.next(true);
  }

  /** What `/startupz` answers. */
  report(): Promise<ProbeReport> {
    return Promise.resolve({ lifecycle: { status: this.isStarted ? 'up' : 'down' } });
  }
}
