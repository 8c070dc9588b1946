import { AsyncLocalStorage } from 'node:async_hooks';
import { currentCall } from '../../rpc/current-call.js';
import type { RpcCall } from '../../rpc/rpc-call.js';

// Which incoming call's fate the outgoing ones are not to share: those of another call within it still do.
const detachedFrom = new AsyncLocalStorage<RpcCall | undefined>();

/**
 * Runs `body` so that the calls it makes outlive the incoming call: neither its deadline nor its cancellation reaches
 * them. Request id, trace and routes still travel.
 *
 * ```ts
 * void detach(() => audit.record(entry)); // answered long before this is done
 * ```
 */
export function detach<T>(body: () => T): T {
  return detachedFrom.run(currentCall(), body);
}

/** The incoming call whose deadline and cancellation an outgoing one shares. */
export function governingCall(): RpcCall | undefined {
  const call = currentCall();
  return call && call === detachedFrom.getStore() ? undefined : call;
}
