import type { StatusError } from '../../status/status-error.js';

/** Whether anybody still waits for a call's answer, and what to stop when nobody does. */
export class Abandonment {
  /** Why nobody waits any more. */
  reason: StatusError | undefined;
  private controller: AbortController | undefined;
  private teardown: (() => void) | undefined;

  /** Aborts with the reason; made on first read, since most handlers never look. */
  get signal(): AbortSignal {
    if (!this.controller) {
      this.controller = new AbortController();
      if (this.reason) this.controller.abort(this.reason);
    }
    return this.controller.signal;
  }

  /** What to stop; the last one given counts. Called at once when nobody waits already. */
  onAbandoned(teardown: () => void): void {
    if (this.reason) teardown();
    else this.teardown = teardown;
  }

  /** Nobody waits any more. The steps are handed out, since each is code of others that may throw. */
  abandon(reason: StatusError): ReadonlyArray<() => void> {
    this.reason = reason;
    return [() => this.controller?.abort(reason), () => this.teardown?.()];
  }
}
