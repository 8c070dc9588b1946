import { AsyncLocalStorage } from 'node:async_hooks';
import { currentCall } from '../../rpc/current-call.js';
import type { RpcCall } from '../../rpc/rpc-call.js';

// The incoming call that outgoing calls are detached from; a call nested within it still governs them.
const detachedFrom = new AsyncLocalStorage<RpcCall | undefined>();

/**
 * Runs `body` so that the calls it makes outlive the incoming call: neither its deadline nor its cancellation affects
 * them. Request id, trace and routes are still propagated.
 *
 * ```ts
 * void detach(() => audit.record(entry)); // the response is sent long before this is done
 * ```
 */
export function detach<T>(body: () => T): T {
  return detachedFrom.run(currentCall(), body);
}

/** The incoming call whose deadline and cancellation apply to an outgoing call. */
export function governingCall(): RpcCall | undefined {
  const call = currentCall();
  return call && call === detachedFrom.getStore() ? undefined : call;
}
