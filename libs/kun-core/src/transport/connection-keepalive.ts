import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Http2Session, Http2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { WatchedConnection } from './watched-connection.js';

/** How connections with open calls are probed. */
export interface KeepaliveOptions {
  /** How long a connection may be silent before the peer is probed, in milliseconds. Default 60 000. */
  readonly timeMs?: number | undefined;
  /** How long the peer may take to answer, in milliseconds; the connection is then closed. Default 20 000. */
  readonly timeoutMs?: number | undefined;
}

/** `grpc.keepalive_time_ms` of kun's servers; below the idle limits of the usual load balancers (from 240 s). */
export const KEEPALIVE_TIME_MS = 60_000;
/** gRPC's own default (A8, client-side keepalive). */
export const KEEPALIVE_TIMEOUT_MS = 20_000;

/**
 * Finds out about peers that have gone without a word: asks when a connection with open calls has been silent for a
 * while, when a call takes up an idle one, and when a call was given up (its deadline) in silence.
 *
 * It stands in the place of grpc-js' keepalive, which ends every call that outlives the server's GOAWAY by one period:
 * it sends a PING, Node's `session.ping()` sends none once the session is closing, and grpc-js takes that for a dead
 * connection (grpc-node#3068). The question here is an empty SETTINGS frame, which Node sends until the connection is
 * gone, and every peer must acknowledge at once (RFC 9113, 6.5.3); nor does a server count it as a PING too many.
 *
 * Sessions are found through Node's diagnostics channels, as they are made by grpc-js and handed to nobody.
 */
export class ConnectionKeepalive {
  private readonly mark = Symbol('kun.keepalive');
  private readonly sessions = new WeakMap<object, WatchedConnection | null>();
  private readonly timeMs: number;
  private readonly timeoutMs: number;
  private live = 0;

  /** `side` is which end of the connections is ours; default the client's. */
  constructor(
    options: KeepaliveOptions = {},
    private readonly side: 'client' | 'server' = 'client',
  ) {
    this.timeMs = options.timeMs ?? KEEPALIVE_TIME_MS;
    this.timeoutMs = options.timeoutMs ?? KEEPALIVE_TIMEOUT_MS;
  }

  /** Supervises a connection until it is closed. */
  watch(socket: Socket): void {
    const connection = new WatchedConnection(socket, this.timeMs, this.timeoutMs);
    Object.defineProperty(socket, this.mark, { value: connection });
    if (this.live++ === 0) {
      subscribe(`http2.${this.side}.stream.created`, this.onCreated);
      subscribe(`http2.${this.side}.stream.close`, this.onClose);
    }
    socket.once('close', () => {
      connection.release();
      if (--this.live > 0) return;
      unsubscribe(`http2.${this.side}.stream.created`, this.onCreated);
      unsubscribe(`http2.${this.side}.stream.close`, this.onClose);
    });
  }

  private readonly onCreated = (message: unknown): void => {
    const { session } = (message as { stream: Http2Stream }).stream;
    if (session) this.connectionOf(session)?.opened(session);
  };

  private readonly onClose = (message: unknown): void => {
    const { stream } = message as { stream: Http2Stream };
    if (stream.session) this.sessions.get(stream.session)?.closed(stream.rstCode !== 0);
  };

  private connectionOf(session: Http2Session): WatchedConnection | undefined {
    let connection = this.sessions.get(session);
    if (connection === undefined) {
      if (session.destroyed) return undefined;
      connection = (session.socket as unknown as Record<symbol, WatchedConnection>)[this.mark] ?? null;
      this.sessions.set(session, connection);
    }
    return connection ?? undefined;
  }
}
