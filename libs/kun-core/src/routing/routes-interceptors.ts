import type { Interceptor } from '../rpc/interceptor.js';
import type { RpcCall } from '../rpc/rpc-call.js';
import { RouteAllowList, type DropReason } from './allow-list.js';

/** Metadata on the allow-list that a caller sent and that cannot be a route. */
export interface DroppedRoute {
  readonly call: RpcCall;
  /** The entry of the allow-list, never what the caller wrote: fit for a label. */
  readonly entry: string;
  readonly reason: DropReason;
  /** Whether it is the first of this entry and reason since the start: what to log, so that callers cannot fill the log. */
  readonly first: boolean;
}

export interface RoutesInterceptorOptions {
  /** Default: dropped without a word. */
  readonly onDropped?: ((dropped: DroppedRoute) => void) | undefined;
}

/**
 * On the server: takes the metadata on the allow-list (`Routing.Allow`) as the call's routes, from where it travels on
 * with every call made for this one. An entry that is invalid is left out and does not fail the call.
 *
 * @throws {TypeError} when an entry of the list is no name of a route.
 */
export function routesInterceptor(
  allow: readonly string[],
  { onDropped }: RoutesInterceptorOptions = {},
): Interceptor {
  const list = new RouteAllowList(allow);
  if (list.empty) return (next) => next;
  const dropped = new Set<string>();
  return (next) => (call) => {
    call.routes = list.read(call.metadata, (entry, reason) => {
      const kind = `${entry} ${reason}`;
      const first = !dropped.has(kind);
      dropped.add(kind);
      onDropped?.({ call, entry, reason, first });
    });
    return next(call);
  };
}

/** On the client: puts the call's routes into its metadata, in place of what was there by the same names. */
export function outgoingRoutesInterceptor(): Interceptor {
  return (next) => (call) => {
    for (const name in call.routes) {
      const value = call.routes[name];
      if (value !== undefined) call.metadata.set(name, value);
    }
    return next(call);
  };
}
