import type { Duplex } from 'node:stream';
import { resolveLimits, type ConnectionLimits } from '../connection/connection-limits.js';
import type { WireProcess } from '../connection/wire-process.js';
import type { CallListener, IncomingCall } from './incoming-call.js';
import { ServerConnection } from './server-connection.js';
import type { ServedConnection } from './served-connection.js';

/** How a connection is served. */
export interface ServeOptions {
  /** What it shares with all others of the process. */
  readonly process: WireProcess;
  /** Default: `DEFAULT_CONNECTION_LIMITS`. Connections that are given one object share what is made of it. */
  readonly limits?: Partial<ConnectionLimits> | undefined;
}

/**
 * Serves gRPC on a byte stream: a `net.Socket`, a `tls.TLSSocket` that has agreed on `h2`, or any other duplex. `onCall`
 * is told of each call as its headers arrive, and returns who is told the rest. Whatever the peer does wrong ends its
 * call or its connection as RFC 9113 says; nothing is thrown for it.
 */
export function serveConnection(
  socket: Duplex,
  { process, limits }: ServeOptions,
  onCall: (call: IncomingCall) => CallListener,
): ServedConnection {
  return new ServerConnection(socket, process, resolveLimits(limits), onCall);
}
