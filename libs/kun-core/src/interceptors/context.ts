import { runInCall } from '../rpc/current-call.js';
import type { Interceptor } from '../rpc/interceptor.js';

/**
 * Makes the call the current one for everything inside: `currentCall()` in handlers, providers, after `await`, in timers
 * and iterators. The outermost of a server's chain, and the only entry into an async context that a call costs. A
 * client's chain has none: its calls are made within the call they are made for.
 */
export function contextInterceptor(): Interceptor {
  return (next) => (call) => runInCall(call, next, call);
}
