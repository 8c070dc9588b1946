import { ExplainedError } from '@kun/config';
import type { Server, ServerResponse } from 'node:http';
import { delay, type Clock } from '../clock.js';

/** The HTTP port could not be opened. */
export class HttpPortError extends ExplainedError {
  override readonly name = 'HttpPortError';
}

/**
 * Closes an HTTP server: requests in flight have `timeoutMs`, idle connections are cut at once. Says whether it had to
 * cut requests.
 */
export async function closeHttpServer(
  server: Server,
  clock: Clock,
  limits: { readonly timeoutMs: number; readonly force: AbortSignal },
): Promise<{ forced: boolean }> {
  if (!server.listening) return { forced: false };
  const closed = new AbortController();
  server.close(() => closed.abort());
  await delay(clock, limits.timeoutMs, AbortSignal.any([closed.signal, limits.force]));
  const forced = !closed.signal.aborted;
  server.closeAllConnections();
  return { forced };
}

/**
 * Has a connection closed as soon as its last request has ended, once the server closes: it would stay open for its
 * keep-alive time. To be called before the server listens, since nobody else knows the requests in flight at the close.
 */
export function closeConnectionsWhenIdle(server: Server): void {
  server.on('request', (_request, response: ServerResponse) => {
    response.once('close', () => {
      if (!server.listening) setImmediate(() => server.closeIdleConnections());
    });
  });
}

/** Explains why a port cannot be opened. */
export function explainListenError(cause: unknown, key: string, port: number): HttpPortError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const why =
    code === 'EADDRINUSE'
      ? `is in use; set ${key} to a free port, or to 0 for no HTTP port`
      : code === 'EACCES'
        ? `needs privileges; set ${key} to a port above 1023`
        : code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND'
          ? 'has an address that no interface here has; set HTTPServer.Address to one of this machine, or leave it out'
          : `cannot be opened: ${cause instanceof Error ? cause.message : String(cause)}`;
  return new HttpPortError(`${key}: port ${port} ${why}`, { cause });
}
