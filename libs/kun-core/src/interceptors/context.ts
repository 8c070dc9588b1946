import { runInCall } from '../rpc/current-call.js';
import type { Interceptor } from '../rpc/interceptor.js';

/**
 * Makes the call the current one for everything inside: `currentCall()` in handlers, providers, after `await`, in
 * timers and iterators. It is the outermost interceptor of a server's chain, and the only one that enters an async
 * context. A client's chain has none: outgoing calls are made within the incoming call they serve.
 */
export function contextInterceptor(): Interceptor {
  return (next) => (call) => runInCall(call, next, call);
}
