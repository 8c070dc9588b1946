import { AsyncLocalStorage } from 'node:async_hooks';
import { Observable, type MonoTypeOperatorFunction } from 'rxjs';
import type { RpcCall } from './rpc-call.js';

// One per process: a call belongs to the code that runs under it, whichever application that is.
const storage = new AsyncLocalStorage<RpcCall>();

/**
 * The call that the running code works for: in handlers, providers, after `await`, in timers, async iterators and the
 * operators of cold Observables. `undefined` outside of a call.
 */
export function currentCall(): RpcCall | undefined {
  return storage.getStore();
}

/** Runs `body` with the call as the current one. */
export function runInCall<A extends unknown[], R>(call: RpcCall, body: (...args: A) => R, ...args: A): R {
  return storage.run(call, body, ...args);
}

/**
 * Restores the current call downstream of a shared source, whose operators would otherwise run in the context of
 * whoever emits: `shared$.pipe(inCall(), map(...))`.
 */
export function inCall<T>(): MonoTypeOperatorFunction<T> {
  return (source) =>
    new Observable<T>((subscriber) => {
      const call = storage.getStore();
      if (!call) return source.subscribe(subscriber);
      return source.subscribe({
        next: (value) => storage.run(call, () => subscriber.next(value)),
        error: (error) => storage.run(call, () => subscriber.error(error)),
        complete: () => storage.run(call, () => subscriber.complete()),
      });
    });
}
