import type { Metadata } from '@grpc/grpc-js';
import type { KunInterceptor } from '../../rpc/injectable-interceptor.js';
import type { CallHandler } from '../../rpc/interceptor.js';
import type { Ending, RpcCall } from '../../rpc/rpc-call.js';

/** A call that has come in, and the moments a test waits for. */
export interface RecordedCall {
  /** `/package.Service/Method`. */
  readonly method: string;
  readonly metadata: Metadata;
  readonly requestId: string;
  /** Milliseconds since the epoch; `Infinity` when there is none. */
  readonly deadline: number;
  /** Settles when the handler is told that nobody waits: the caller cancelled, the deadline passed, or the stop forced it. */
  readonly aborted: Promise<void>;
  /** Settles when the call has ended, whatever the handler still does. */
  readonly ended: Promise<Ending>;
}

/** Keeps the calls that come in, as the service's interceptors see them. */
export class CallRecorder implements KunInterceptor {
  /** All of them, in the order in which they came. */
  readonly all: RecordedCall[] = [];
  private readonly taken = new Set<RecordedCall>();
  private waiting: Array<() => void> = [];

  /** How many calls of a method there were, by its name (`Greet`) or path; of all without one. */
  count(method?: string): number {
    return this.all.filter((call) => isOf(call, method)).length;
  }

  /**
   * The next call of a method that was not asked for before, whether it has come or is to come. Its handler has begun,
   * unless a guard or a pipe waits for something.
   */
  async next(method?: string): Promise<RecordedCall> {
    for (;;) {
      const call = this.all.find((each) => isOf(each, method) && !this.taken.has(each));
      if (call) {
        this.taken.add(call);
        // What stands between takes some turns of promises.
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
