import type { IncomingMessage, ServerResponse } from 'node:http';

/** The methods that some route has. */
export type RouteMethod = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** A request on its way through a route. */
export interface HttpExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The query of the request. */
  readonly query: URLSearchParams;
  /** What stands in the path where the route has `{id}`; empty where it has none. */
  readonly id: string;
  /**
   * The body as JSON.
   *
   * @throws {HttpError} when it is none, or more than `maxBytes`. Default 64 KiB.
   */
  readonly body: (maxBytes?: number) => Promise<unknown>;
}

/** What a route answers: a value that is written as JSON, or `undefined` where it has written by itself. */
export type RouteAnswer = object | undefined | Promise<object | undefined>;

/** Something that the admin port does. */
export interface AdminRoute {
  readonly method: RouteMethod;
  /** Compared as it is, letter by letter; one part may be `{id}`. */
  readonly path: string;
  /** `reading`: open to whoever can reach the port; `token`: it changes, costs or calls something. */
  readonly needs: 'reading' | 'token';
  /** The parameters that its query may have; any other is refused. `any`: they are not looked at. Default: none */
  readonly query?: readonly string[] | 'any';
  /** @throws {HttpError} for what cannot be done. */
  handle(exchange: HttpExchange): RouteAnswer;
}

/** A route with the places of its path. */
export interface MatchedRoute {
  readonly route: AdminRoute;
  readonly id: string;
}

/** The routes of one application. */
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

  /** The routes of a path; none where nothing of the kind is here. */
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
