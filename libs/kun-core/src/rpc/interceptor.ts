import type { Ending, RpcCall } from './rpc-call.js';

/**
 * Runs a call to its end. The promise resolves when the RPC has ended, with any status. It rejects only with what the
 * handler threw, and only inside of `recovery`, which converts that to a status.
 */
export type CallHandler = (call: RpcCall) => Promise<Ending>;

/**
 * Wraps the rest of the chain. The same type serves server and client, unary calls and streams.
 *
 * - An observer reads what it needs, registers `call.onEnd(...)` and returns `next(call)`, which adds no promise.
 * - A controller may end the call with `call.end(error)` without calling `next`, await `next`, or call it again.
 *
 * The first in the list is the outermost:
 *
 * ```
 *      call ──▶ ┌ context ─ request id ─ tracing ─ metrics ─ logging ─ yours ─ recovery ┐
 *               │                                                                       ▼
 *               │                           guards ─ pipes ─ Nest interceptors ─ handler
 *    ending ◀── └───────────────────────────────────────────────────────────────────────┘
 * ```
 *
 * Interceptors run outside of Nest's pipeline: unlike a `NestInterceptor` they see every call, including those refused
 * by a guard, oversize messages and expired deadlines.
 */
export type Interceptor = (next: CallHandler) => CallHandler;

/** Composes the chain; called once, at start. */
export function compose(interceptors: readonly Interceptor[], innermost: CallHandler): CallHandler {
  return interceptors.reduceRight((next, interceptor) => interceptor(next), innermost);
}

/**
 * An interceptor that is rebuilt when its settings change, without overhead per call. `undefined` means none.
 * `onChange` receives the function to call on a change.
 */
export function rebuiltInterceptor(
  build: () => Interceptor | undefined,
  onChange: (rebuild: () => void) => void,
): Interceptor {
  return (next) => {
    const wrap = (): CallHandler => build()?.(next) ?? next;
    let handler = wrap();
    onChange(() => (handler = wrap()));
    return (call) => handler(call);
  };
}
