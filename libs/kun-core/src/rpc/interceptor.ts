import type { Ending, RpcCall } from './rpc-call.js';

/**
 * Carries a call to its end. The promise settles when the RPC has ended; a status, whichever it is, resolves it.
 * It rejects only with what the handler threw, and only inside of `recovery`, which turns that into a status.
 */
export type CallHandler = (call: RpcCall) => Promise<Ending>;

/**
 * Wraps the rest of the chain. The same shape serves server and client, unary calls and streams.
 *
 * - An observer reads what it wants, registers `call.onEnd(...)` and returns `next(call)`: it adds no promise.
 * - A controller may answer with `call.end(error)` without calling `next`, await `next`, or call it again.
 *
 * The first of the list is the outermost:
 *
 * ```
 *      call ──▶ ┌ context ─ request id ─ tracing ─ metrics ─ logging ─ yours ─ recovery ┐
 *               │                                                                       ▼
 *               │                           guards ─ pipes ─ Nest interceptors ─ handler
 *    ending ◀── └───────────────────────────────────────────────────────────────────────┘
 * ```
 *
 * These run outside of Nest's pipeline: calls refused by a guard, oversize messages and expired deadlines pass through
 * them like any other, which a `NestInterceptor` never sees.
 */
export type Interceptor = (next: CallHandler) => CallHandler;

/** Builds the onion, once, at start. */
export function compose(interceptors: readonly Interceptor[], innermost: CallHandler): CallHandler {
  return interceptors.reduceRight((next, interceptor) => interceptor(next), innermost);
}

/**
 * An interceptor that is made anew when what it is made of changes, and costs a call nothing but its own work.
 * `undefined` stands for none. `onChange` is given what to call at a change.
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
