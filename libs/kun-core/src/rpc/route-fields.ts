import type { RpcCall } from './rpc-call.js';
import type { Routes } from './routes.js';

/** Adds the call's routes to the fields of a log line, as `routes: { AccountId: '42' }`; nothing when there are none. */
export function addRouteFields<T extends { routes?: unknown }>(fields: T, call: Pick<RpcCall, 'routes'>): T {
  if (hasRoutes(call.routes)) fields.routes = call.routes;
  return fields;
}

/** The routes as attributes of a span: `kun.route.accountid`, the name as it is on the wire. */
export function routeAttributes(routes: Routes): Record<string, string> {
  return Object.fromEntries(
    Object.entries(routes).map(([name, value]) => [`kun.route.${name.toLowerCase()}`, value]),
  );
}

function hasRoutes(routes: Routes): boolean {
  for (const _ in routes) return true;
  return false;
}
