import type { ProbeReport } from './checks.js';

/**
 * Whether the start is complete; `/startupz` follows it. Kubernetes asks liveness and readiness only afterwards, so
 * a slow start needs a patient startup probe and nothing else. Inject it by its class.
 */
export class Startup {
  #started = false;

  get isStarted(): boolean {
    return this.#started;
  }

  /** Says that the start is complete; there is no way back. For the lifecycle only. */
  markStarted(): void {
    this.#started = true;
  }

  /** What `/startupz` answers. */
  report(): Promise<ProbeReport> {
    return Promise.resolve({ lifecycle: { status: this.#started ? 'up' : 'down' } });
  }
}
