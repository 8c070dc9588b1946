/** Names and values that steer a call through the fleet (canary, tenant); frozen. */
export type Routes = Readonly<Record<string, string>>;

/** No route at all. */
export const NO_ROUTES: Routes = Object.freeze({});
