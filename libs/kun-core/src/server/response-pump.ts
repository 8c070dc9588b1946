import type { ResponseWindow } from './response-window.js';
import type { ServerCall } from './server-call.js';

type AnyIterator = AsyncIterator<unknown> | Iterator<unknown>;

/** Pulls messages from an iterator as fast as the caller takes them. */
export class ResponsePump {
  /** Settles when the iterator is done and has cleaned up; rejects with what it threw. */
  readonly done: Promise<void>;
  private finished = false;

  constructor(
    private readonly iterator: AnyIterator,
    private readonly call: ServerCall,
    private readonly window: ResponseWindow,
  ) {
    this.done = this.sendAll().finally(() => (this.finished = true));
  }

  /** Lets the iterator clean up now: one that waits within `next` might never come back to be asked. */
  stop(): void {
    this.window.release();
    if (this.finished) return;
    // What it throws from its clean-up reaches `done`, or nobody: the call is over.
    this.cleanUp().catch(() => undefined);
  }

  private async sendAll(): Promise<void> {
    try {
      while (this.call.writable) {
        const next = this.iterator.next();
        const step = next instanceof Promise ? await next : next;
        if (step.done) return;
        this.window.send(step.value);
        if (this.window.full) await this.window.whenOpen();
      }
    } catch (error) {
      await this.cleanUp().catch(() => undefined);
      throw error;
    }
    await this.cleanUp();
  }

  private async cleanUp(): Promise<void> {
    await this.iterator.return?.();
  }
}
