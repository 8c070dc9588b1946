import type { Interceptor } from '../rpc/interceptor.js';
import type { RpcCall } from '../rpc/rpc-call.js';
import { RouteAllowList, type DropReason } from './allow-list.js';

/** Allowed metadata that a caller sent but that cannot be a route. */
export interface DroppedRoute {
  readonly call: RpcCall;
  /** The entry of the allow-list, never what the caller wrote, so that it is safe as a label. */
  readonly entry: string;
  readonly reason: DropReason;
  /**
   * Whether it is the first of this entry and reason since the start. Log only that one, so that callers cannot flood
   * the log.
   */
  readonly first: boolean;
}

export interface RoutesInterceptorOptions {
  /** Default: dropped silently */
  readonly onDropped?: ((dropped: DroppedRoute) => void) | undefined;
}

/**
 * Server interceptor: takes the allowed metadata (`Routing.Allow`) as the call's routes, which are propagated with
 * every call made for this one. Invalid metadata is dropped and does not fail the call.
 *
 * @throws {TypeError} when an entry of the list is not a route name.
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

/** Client interceptor: writes the call's routes into its metadata, replacing entries of the same names. */
export function outgoingRoutesInterceptor(): Interceptor {
  return (next) => (call) => {
    for (const name in call.routes) {
      const value = call.routes[name];
      if (value !== undefined) call.metadata.set(name, value);
    }
    return next(call);
  };
}
