import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { delay, type Clock } from '../clock.js';

/**
 * Closes an HTTP server: requests in flight have `timeoutMs`, idle connections are cut at once. Says whether it had to
 * cut requests. `connections` are those of the server, watched since before it listened.
 */
export async function closeHttpServer(
  server: Server,
  connections: IdleConnections,
  clock: Clock,
  limits: { readonly timeoutMs: number; readonly force: AbortSignal },
): Promise<{ forced: boolean }> {
  if (!server.listening) return { forced: false };
  const closed = new AbortController();
  server.close(() => closed.abort());
  connections.closeUnused();
  await delay(clock, limits.timeoutMs, AbortSignal.any([closed.signal, limits.force]));
  const forced = !closed.signal.aborted;
  server.closeAllConnections();
  return { forced };
}

/** The connections of an HTTP server that it does not close by itself when it closes. */
export interface IdleConnections {
  /**
   * Cuts connections on which nothing has come, as browsers and balancers open them ahead of their requests: to Node
   * they are waiting for a request, not idle, and it closes them after a minute (`headersTimeout`).
   */
  closeUnused(): void;
}

/**
 * Has a connection closed as soon as its last request has ended, once the server closes: it would stay open for its
 * keep-alive time. To be called before the server listens, since nobody else knows its connections at the close.
 */
export function watchIdleConnections(server: Server): IdleConnections {
  const connections = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  server.on('request', (_request, response: ServerResponse) => {
    response.once('close', () => {
      if (!server.listening) setImmediate(() => server.closeIdleConnections());
    });
  });
  return {
    closeUnused() {
      for (const socket of connections) if (socket.bytesRead === 0) socket.destroy();
    },
  };
}
