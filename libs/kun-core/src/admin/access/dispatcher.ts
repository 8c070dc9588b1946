import type { IncomingMessage, ServerResponse } from 'node:http';
import { nearest } from '@kun/config';
import type { ProbeLogger } from '../../lifecycle/checks.js';
import { checkSameSite } from './same-site.js';
import type { KnownHosts } from './known-hosts.js';
import { readJson } from './read-json.js';
import { badRequest, HttpError } from './http-error.js';
import { RouteTable, type AdminRoute, type HttpExchange, type MatchedRoute } from './route.js';
import type { SecretScrubber } from './secret-scrubber.js';
import type { TokenCheck } from './token-check.js';

/** The collaborators of a {@link Dispatcher}. */
export interface DispatcherParts {
  readonly routes: readonly AdminRoute[];
  readonly hosts: KnownHosts;
  readonly token: TokenCheck;
  readonly scrubber: Pick<SecretScrubber, 'replacer'>;
  /** Logs unexpected errors, and every use of the token. */
  readonly logger: ProbeLogger;
}

const MAX_BODY_BYTES = 64 * 1024;

/**
 * Dispatches requests to their routes. Paths are compared literally: a router that forgives letter case, slashes or encodings
 * could find a route for which the token check finds none.
 */
export class Dispatcher {
  private readonly table: RouteTable;

  constructor(private readonly parts: DispatcherParts) {
    this.table = new RouteTable(parts.routes);
  }

  /** Returns false when no route has the path, so that others can handle the request. */
  dispatch(request: IncomingMessage, response: ServerResponse): boolean {
    const [path = '', query = ''] = (request.url ?? '').split('?', 2);
    const matched = this.table.at(path);
    if (matched.length === 0) return false;
    // Unread parts of the request must not keep the connection busy.
    response.once('finish', () => request.resume());
    void this.answer(matched, query, request, response).catch((error: unknown) => this.fail(error, response));
    return true;
  }

  private async answer(
    matched: readonly MatchedRoute[],
    query: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { hosts, token } = this.parts;
    hosts.check(request);
    checkSameSite(request);
    const { route, id } =
      matched.find((each) => each.route.method === request.method) ?? refuseMethod(matched);
    if (route.needs === 'token') {
      token.check(request);
      this.tellOfUse(request);
    }
    const parameters = new URLSearchParams(query);
    checkQuery(route, parameters);
    const exchange: HttpExchange = {
      request,
      response,
      query: parameters,
      id,
      body: (maxBytes = MAX_BODY_BYTES) => readJson(request, maxBytes),
    };
    const answer = await route.handle(exchange);
    if (answer !== undefined) this.write(response, 200, answer);
  }

  /** Indented, since people read it in terminals. */
  private write(response: ServerResponse, status: number, answer: object): void {
    response.statusCode = status;
    response.setHeader('Content-Type', 'application/json; charset=utf-8');
    response.end(`${JSON.stringify(answer, this.parts.scrubber.replacer, 2)}\n`);
  }

  private fail(error: unknown, response: ServerResponse): void {
    const refusal = error instanceof HttpError ? error : new HttpError(500, 'it failed; the log says why');
    if (refusal !== error) {
      const why = error instanceof Error ? error.message : String(error);
      this.parts.logger.warn(`a request to the admin port failed: ${why}`);
    }
    if (response.headersSent) {
      response.destroy();
      return;
    }
    for (const [name, value] of Object.entries(refusal.headers)) response.setHeader(name, value);
    this.write(response, refusal.status, refusal.answer);
  }

  /** Records who did what, for later questions. */
  private tellOfUse({ method, url = '', socket }: IncomingMessage): void {
    this.parts.logger.log(`${peerOf(socket)} used the admin token: ${method} ${url.slice(0, MAX_SHOWN)}`);
  }
}

/** The `address:port` of the client; IPv4 as IPv4 when the port listens on both. */
export function peerOf({ remoteAddress = 'unknown', remotePort }: IncomingMessage['socket']): string {
  return `${remoteAddress.replace(/^::ffff:(?=[\d.]+$)/, '')}:${remotePort}`;
}

const MAX_SHOWN = 200;

/** @throws {HttpError} for a parameter that the route would ignore. */
function checkQuery({ path, query: known = [] }: AdminRoute, parameters: URLSearchParams): void {
  if (known === 'any') return;
  const unknown = [...parameters.keys()].find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const meant = nearest(unknown, known);
  const takes = known.length === 0 ? 'takes none' : `takes ${known.join(', ')}`;
  throw badRequest(
    `there is no parameter ${unknown.slice(0, MAX_NAME_SHOWN)}; ${meant ? `did you mean ${meant}? ` : ''}${path} ${takes}`,
  );
}

const MAX_NAME_SHOWN = 40;

function refuseMethod(matched: readonly MatchedRoute[]): never {
  const allowed = matched.map(({ route }) => route.method).join(', ');
  throw new HttpError(405, `it takes ${allowed}`, { Allow: allowed });
}
