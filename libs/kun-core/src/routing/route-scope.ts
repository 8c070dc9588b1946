import { AsyncLocalStorage } from 'node:async_hooks';
import { currentCall } from '../rpc/current-call.js';
import { NO_ROUTES, type Routes } from '../rpc/call-values.js';
import type { RpcCall } from '../rpc/rpc-call.js';
import { changeRoutes, checkChanges, type CheckedChanges, type RouteChanges } from './route-changes.js';

/** A scope opened with `routes.with`, and the incoming call it belongs to. */
interface RouteScope {
  readonly call: RpcCall | undefined;
  readonly changes: CheckedChanges;
}

// One per process, as for the current call: a scope belongs to the code that runs in it.
const storage = new AsyncLocalStorage<RouteScope>();

/** The routes of the calls that the running code makes. */
export const routes = Object.freeze({
  /**
   * Runs `body` so that the calls it makes, unary or streams, carry these routes in their metadata, over those that came
   * with the incoming call. It holds through `await`, timers and what `body` starts, and works outside of a call, too.
   * Scopes within each other add up, the inner wins; `undefined` removes a route.
   *
   * ```ts
   * return routes.with({ AccountId: request.accountId }, () => this.cache.get({ key: request.key }));
   * ```
   *
   * @throws {RouteError} when a name or value cannot be sent.
   */
  with<R>(changes: RouteChanges, body: () => R): R {
    const checked = checkChanges(changes);
    const outer = currentScope();
    const scope = { call: currentCall(), changes: new Map([...(outer?.changes ?? []), ...checked]) };
    changeRoutes(inboundRoutes(), scope.changes); // Reports too many routes here, where they were given.
    return storage.run(scope, body);
  },

  /** The routes that a call made now would carry. */
  current(): Routes {
    return outgoingRoutes();
  },
});

/**
 * The routes of an outgoing call: those propagated from the incoming call, overridden by the enclosing scopes, then by
 * the call's own.
 *
 * @throws {RouteError} when one of its own cannot be sent.
 */
export function outgoingRoutes(own?: RouteChanges): Routes {
  const scope = currentScope();
  if (!scope && !own) return inboundRoutes();
  return changeRoutes(inboundRoutes(), scope?.changes ?? NONE, own ? checkChanges(own) : NONE);
}

const NONE: CheckedChanges = new Map();

function inboundRoutes(): Routes {
  return currentCall()?.routes ?? NO_ROUTES;
}

/**
 * The enclosing scope, unless another call began within it: a server started in a scope, or a source shared between
 * calls, must not leak one call's routes to the next.
 */
function currentScope(): RouteScope | undefined {
  const scope = storage.getStore();
  const call = currentCall();
  return scope && (call === undefined || call === scope.call) ? scope : undefined;
}
