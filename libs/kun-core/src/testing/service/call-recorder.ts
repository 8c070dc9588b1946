import type { Metadata } from '@grpc/grpc-js';
import type { KunInterceptor } from '../../rpc/injectable-interceptor.js';
import type { CallHandler } from '../../rpc/interceptor.js';
import type { Ending, RpcCall } from '../../rpc/rpc-call.js';

/** An incoming call, and the events that a test can wait for. */
export interface RecordedCall {
  /** `/package.Service/Method`. */
  readonly method: string;
  readonly metadata: Metadata;
  readonly requestId: string;
  /** Milliseconds since the epoch; `Infinity` when there is none. */
  readonly deadline: number;
  /**
   * Resolves when the handler is told that nobody waits any more: the caller cancelled, the deadline passed, or the
   * shutdown terminated the call.
   */
  readonly aborted: Promise<void>;
  /** Resolves when the call has ended, even if its handler is still running. */
  readonly ended: Promise<Ending>;
}

/** Records incoming calls, as the service's interceptors see them. */
export class CallRecorder implements KunInterceptor {
  /** All calls, in the order of arrival. */
  readonly all: RecordedCall[] = [];
  private readonly taken = new Set<RecordedCall>();
  private waiting: Array<() => void> = [];

  /** The number of calls of a method, by its name (`Greet`) or path; of all calls if none is given. */
  count(method?: string): number {
    return this.all.filter((call) => isOf(call, method)).length;
  }

  /**
   * The next call of a method that has not been returned before, whether it has arrived or not yet. Its handler has
   * started, unless a guard or a pipe is waiting for something.
   */
  async next(method?: string): Promise<RecordedCall> {
    for (;;) {
      const call = this.all.find((each) => isOf(each, method) && !this.taken.has(each));
      if (call) {
        this.taken.add(call);
        // Guards and pipes take a few promise ticks.
        await new Promise((resolve) => setImmediate(resolve));
        return call;
      }
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  /** @internal */
  intercept(next: CallHandler): CallHandler {
    return (call) => {
      this.record(call);
      return next(call);
    };
  }

  private record(call: RpcCall): void {
    const { signal } = call;
    this.all.push({
      method: call.method.path,
      metadata: call.metadata,
      requestId: call.requestId,
      deadline: call.deadline,
      aborted: new Promise((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener('abort', () => resolve(), { once: true });
      }),
      ended: new Promise((resolve) => call.onEnd(resolve)),
    });
    for (const look of this.waiting) look();
    this.waiting = [];
  }
}

function isOf({ method: path }: RecordedCall, method: string | undefined): boolean {
  return method === undefined || path === method || path.endsWith(`/${method}`);
}
