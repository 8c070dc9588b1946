import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { delay, type Clock } from '../clock.js';

/**
 * Closes an HTTP server: requests in flight get `timeoutMs`, idle connections are cut immediately. Returns whether
 * requests had to be cut. `connections` are those of the server, watched since before it listened.
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

/** The connections that an HTTP server does not close by itself when it closes. */
export interface IdleConnections {
  /**
   * Cuts connections without any data, such as browsers and load balancers open ahead of requests: Node considers them
   * waiting for a request, not idle, and closes them after a minute (`headersTimeout`).
   */
  closeUnused(): void;
}

/**
 * Makes connections close after their last request once the server is closing, instead of staying open for the
 * keep-alive time. Must be called before the server listens, since its connections cannot be enumerated later.
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
