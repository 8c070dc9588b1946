import type { IncomingMessage, ServerResponse } from 'node:http';

/** The HTTP methods of routes. */
export type RouteMethod = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** A request and its response, as a route handles them. */
export interface HttpExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The query of the request. */
  readonly query: URLSearchParams;
  /** The part of the path at the route's `{id}`; empty when the route has none. */
  readonly id: string;
  /**
   * The body as JSON.
   *
   * @throws {HttpError} when it is not JSON, or has more than `maxBytes`. Default 64 KiB.
   */
  readonly body: (maxBytes?: number) => Promise<unknown>;
}

/** The result of a route: a value to send as JSON, or `undefined` when it has written the response itself. */
export type RouteAnswer = object | undefined | Promise<object | undefined>;

/** A route of the admin port. */
export interface AdminRoute {
  readonly method: RouteMethod;
  /** Compared literally; one part may be `{id}`. */
  readonly path: string;
  /** `reading`: open to anyone who can reach the port; `token`: it changes, costs or calls something. */
  readonly needs: 'reading' | 'token';
  /** The allowed query parameters; any other is refused. `any` disables the check. Default: none */
  readonly query?: readonly string[] | 'any';
  /** @throws {HttpError} when it cannot be done. */
  handle(exchange: HttpExchange): RouteAnswer;
}

/** A route that matches a path, with its `{id}`. */
export interface MatchedRoute {
  readonly route: AdminRoute;
  readonly id: string;
}

/** The routes of an application. */
export class RouteTable {
  private readonly byPath = new Map<string, AdminRoute[]>();
  private readonly withId: ReadonlyArray<{ readonly pattern: RegExp; readonly path: string }>;

  constructor(routes: readonly AdminRoute[]) {
    for (const route of routes) {
      this.byPath.set(route.path, [...(this.byPath.get(route.path) ?? []), route]);
    }
    this.withId = [...this.byPath.keys()]
      .filter((path) => path.includes('{id}'))
      .map((path) => ({ path, pattern: new RegExp(`^${path.replace('{id}', '([\\w.-]{1,64})')}$`) }));
  }

  /** The routes of a path; empty when there are none. */
  at(path: string): readonly MatchedRoute[] {
    const exact = this.byPath.get(path);
    if (exact && !path.includes('{')) return exact.map((route) => ({ route, id: '' }));
    for (const { pattern, path: known } of this.withId) {
      const [, id] = pattern.exec(path) ?? [];
      if (id !== undefined) return (this.byPath.get(known) ?? []).map((route) => ({ route, id }));
    }
    return [];
  }
}
