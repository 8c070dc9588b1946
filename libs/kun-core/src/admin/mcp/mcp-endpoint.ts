import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../clock.js';
import type { ProbeLogger } from '../../lifecycle/checks.js';
import { importOptionalPackage } from '../../optional-package.js';
import { peerOf } from '../access/dispatcher.js';
import { badRequest, HttpError, tooMany } from '../access/http-error.js';
import type { AdminRoute, HttpExchange } from '../access/route.js';
import type { SecretScrubber } from '../access/secret-scrubber.js';
import type { TokenCheck } from '../access/token-check.js';
import { answerMcp } from './mcp-exchange.js';
import type { McpTool } from './tool.js';
import { toolServer, type McpAsker, type McpLibrary } from './tool-server.js';

/** The collaborators of an {@link McpEndpoint}. */
export interface McpEndpointParts {
  readonly tools: readonly McpTool[];
  /** The service's name and version. */
  readonly name: string;
  readonly version: string;
  readonly token: TokenCheck;
  readonly scrubber: Pick<SecretScrubber, 'replacer'>;
  readonly clock: Clock;
  readonly logger: ProbeLogger;
}

const MAX_BODY_BYTES = 256 * 1024;
/** Requests in one body, as revisions before 2025-06-18 allow for. */
const MAX_BATCH = 20;
const MAX_UNDER_WAY = 16;
/** Longer than any tool takes. */
const MAX_MS = 90_000;

/** `/mcp`: the Model Context Protocol over HTTP, without sessions. */
export class McpEndpoint {
  private library: McpLibrary | undefined;
  private readonly underWay = new Set<AbortController>();

  constructor(private readonly parts: McpEndpointParts) {}

  /** @throws {MissingPackageError} when the official SDK is not installed. */
  async load(): Promise<void> {
    this.library = await importOptionalPackage(
      () => import('@modelcontextprotocol/server'),
      ['@modelcontextprotocol/server'],
      'Admin.MCP: true',
    );
  }

  /** Reading needs no token; tools that need it refuse the call themselves. */
  get routes(): AdminRoute[] {
    return [
      {
        method: 'POST',
        path: '/mcp',
        needs: 'reading',
        query: 'any',
        handle: async (exchange) => {
          await this.handle(exchange);
          return undefined;
        },
      },
    ];
  }

  /** Ends the requests in progress. */
  stop(): void {
    for (const each of this.underWay) each.abort();
  }

  private async handle(exchange: HttpExchange): Promise<void> {
    const { request, response } = exchange;
    const trusted = this.isTrusted(request);
    const body = await exchange.body(MAX_BODY_BYTES);
    if (Array.isArray(body) && body.length > MAX_BATCH)
      throw badRequest(`a body may have ${MAX_BATCH} requests, not ${body.length}`);
    if (this.underWay.size >= MAX_UNDER_WAY)
      throw tooMany(`${MAX_UNDER_WAY} requests are under way, as many as may be`);
    const ended = new AbortController();
    this.underWay.add(ended);
    const cancel = this.parts.clock.schedule(MAX_MS, () => ended.abort());
    response.once('close', () => ended.abort());
    try {
      const asker = { peer: peerOf(request.socket), signal: ended.signal, trusted, calls: calledBy(body) };
      await this.answer(request, response, body, asker);
    } finally {
      cancel();
      this.underWay.delete(ended);
    }
  }

  private async answer(
    request: IncomingMessage,
    response: ServerResponse,
    body: unknown,
    asker: McpAsker,
  ): Promise<void> {
    const { library } = this;
    if (!library) throw new HttpError(503, 'the service starts', { 'Retry-After': '1' });
    const { scrubber, logger } = this.parts;
    let problem: Error | undefined;
    const make = () =>
      toolServer(
        library,
        {
          ...this.parts,
          replacer: scrubber.replacer,
          onTokenUsed: ({ name }, { peer }) => logger.log(`${peer} used the admin token: ${name} of /mcp`),
          onFailure: (why) => logger.warn(`a request to the admin port failed: ${why}`),
        },
        asker,
      );
    const asked = { headers: request.headers, body, signal: asker.signal };
    const work = answerMcp(library, make, asked, (error) => (problem = error));
    const { status, contentType, text } = await orAborted(work, asker.signal);
    if (status >= 500 && problem) logger.warn(`a request to the admin port failed: ${problem.message}`);
    response.statusCode = status;
    if (contentType !== undefined) response.setHeader('Content-Type', contentType);
    response.end(contentType?.startsWith('application/json') ? scrubbed(text, scrubber) : text);
  }

  /** @throws {HttpError} when the token is wrong. */
  private isTrusted(request: IncomingMessage): boolean {
    const { token } = this.parts;
    if (request.headers.authorization === undefined || !token.enabled) return false;
    token.check(request);
    return true;
  }
}

/** The tool that a request calls. */
function calledBy(body: unknown): string | undefined {
  const { method, params } = Object(body) as { method?: unknown; params?: unknown };
  const { name } = Object(params) as { name?: unknown };
  return method === 'tools/call' && typeof name === 'string' ? name : undefined;
}

/** Scrubs the texts of the SDK's own errors, too. */
function scrubbed(text: string, { replacer }: McpEndpointParts['scrubber']): string {
  return JSON.stringify(JSON.parse(text), replacer);
}

/** An aborted request has no answer, whatever the SDK waits for. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(new HttpError(503, 'it took too long, or the service stops'));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
