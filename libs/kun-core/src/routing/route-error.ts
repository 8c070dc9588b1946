/** A route that the service wants to send cannot be sent; thrown where it was given, before anything is called. */
export class RouteError extends Error {
  override readonly name = 'RouteError';

  constructor(
    /** The route's name as it was given. */
    readonly route: string,
    problem: string,
  ) {
    super(`route ${JSON.stringify(route)} ${problem}`);
  }
}
