/** Names and values that steer a call through the fleet (canary, tenant); frozen. */
export type Routes = Readonly<Record<string, string>>;

/** No route at all. */
export const NO_ROUTES: Routes = Object.freeze({});

/** The routes as attributes of a span: `kun.route.accountid`, the name as it is on the wire. */
export function routeAttributes(routes: Routes): Record<string, string> {
  return Object.fromEntries(
    Object.entries(routes).map(([name, value]) => [`kun.route.${name.toLowerCase()}`, value]),
  );
}

/** Whether there is anything to tell of. */
export function hasRoutes(routes: Routes): boolean {
  for (const _ in routes) return true;
  return false;
}
