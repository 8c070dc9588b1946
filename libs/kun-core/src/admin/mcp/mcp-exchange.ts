import type { IncomingHttpHeaders } from 'node:http';
import type { McpServer } from '@modelcontextprotocol/server';
import type { McpLibrary } from './tool-server.js';

/** A request of the protocol, with its parsed body. */
export interface McpRequest {
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
  readonly signal: AbortSignal;
}

/** The answer to it. */
export interface McpAnswer {
  readonly status: number;
  /** `undefined` where there is no body. */
  readonly contentType: string | undefined;
  readonly text: string;
}

/**
 * Has the SDK answer one request by a server made for it, of whichever revision: those since 2026-07-28, which say all in
 * each request, and those before, with a handshake but without a session. The answer is JSON in one piece: a client that
 * takes no event stream is served as well, and no stream stays open.
 */
export async function answerMcp(
  library: McpLibrary,
  make: () => McpServer,
  request: McpRequest,
  onError: (error: Error) => void,
): Promise<McpAnswer> {
  const { body, signal } = request;
  const web = new Request('http://localhost/mcp', { method: 'POST', headers: headersOf(request), signal });
  const answer = (await library.isLegacyRequest(web, body)) ? answerLegacy : answerModern;
  const response = await answer(library, make, { web, body, onError });
  return {
    status: response.status,
    contentType: response.headers.get('content-type') ?? undefined,
    text: await response.text(),
  };
}

interface WebRequest {
  readonly web: Request;
  readonly body: unknown;
  readonly onError: (error: Error) => void;
}

/** Of a revision that says all in each request. */
async function answerModern(
  library: McpLibrary,
  make: () => McpServer,
  { web, body, onError }: WebRequest,
): Promise<Response> {
  const handler = library.createMcpHandler(make, { legacy: 'reject', keepAliveMs: 0, onerror: onError });
  // A subscription ends at once, for there is nothing to subscribe to.
  return handler.fetch(web, { parsedBody: body });
}

/** Of a revision with a handshake, of which nothing is kept. */
async function answerLegacy(
  { WebStandardStreamableHTTPServerTransport }: McpLibrary,
  make: () => McpServer,
  { web, body, onError }: WebRequest,
): Promise<Response> {
  const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true });
  const server = make();
  Object.assign(server.server, { onerror: onError });
  await server.connect(transport);
  const close = () => void server.close();
  web.signal.addEventListener('abort', close);
  try {
    return await transport.handleRequest(web, { parsedBody: body });
  } finally {
    web.signal.removeEventListener('abort', close);
    close();
  }
}

/** The protocol's own; both forms are accepted in the client's name, which gets JSON. */
function headersOf({ headers }: McpRequest): Headers {
  const own = Object.entries(headers).flatMap(([name, value]): Array<[string, string]> =>
    name.startsWith('mcp-') && typeof value === 'string' ? [[name, value]] : [],
  );
  return new Headers([
    ...own,
    ['content-type', 'application/json'],
    ['accept', 'application/json, text/event-stream'],
  ]);
}
