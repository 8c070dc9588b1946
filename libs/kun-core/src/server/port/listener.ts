import { createServer, type Server as NetServer, type Socket } from 'node:net';
import { ExplainedError } from '@kun/config';
import { delay, type Clock } from '../../clock.js';
import { TlsTermination, type ServerTlsOptions } from '../../tls/server-tls.js';
import { CONNECTION_SETUP_TIMEOUT_MS, type WireEngine } from '../call/wire-engine.js';
import { ConnectionLimit, type ConnectionLimitOptions, type NearLimit } from './connection-limit.js';

/** The port could not be opened. */
export class ListenError extends ExplainedError {
  override readonly name = 'ListenError';
}

/** Where to listen. */
export interface ListenAddress {
  /** 0 is any free port. */
  readonly port: number;
  /** Default: all interfaces, IPv6 and IPv4. */
  readonly host?: string | undefined;
  /** The configuration key that named the port, for messages. */
  readonly key: string;
}

/** What of a listener is the configuration's. */
export interface ListenerOptions {
  /** Encrypts. Default: plain text. */
  readonly tls?: ServerTlsOptions | undefined;
  /** Has the kernel ask idle connections whether they are alive. Default true. */
  readonly keepalive?: boolean | undefined;
  /** How long a connection may take from its accept to the end of its handshake, in milliseconds. Default 20 000. */
  readonly setupTimeoutMs?: number | undefined;
  /** How many connections are taken. Default: all. */
  readonly limit?: ConnectionLimitOptions | undefined;
  /** Told of each connection that there was no room for, before it is closed. Default: nobody is. */
  readonly onRefused?: ((error: Error, connection: Socket) => void) | undefined;
  /** Told, with each new connection, that there is little room left. Default: nobody is. */
  readonly onNearLimit?: ((near: NearLimit) => void) | undefined;
}

/** What a connection taken beyond the limit has for its calls, in milliseconds; its client is then asked to leave. */
const BRIEFLY_MS = 5000;

/** Connections without calls are probed by the kernel, which costs nothing here. */
const IDLE_PROBE = { keepAlive: true, keepAliveInitialDelay: 60_000 };

/** The listening socket and the connections of a gRPC server. kun owns them, and hands them to an engine. */
export class Listener {
  /** With when each was accepted, as `performance.now()`. */
  private readonly connections = new Map<Socket, number>();
  /** Those of them that are beyond the limit. */
  private readonly brief = new Set<Socket>();
  private readonly listener: NetServer;
  private onLastClose: (() => void) | undefined;
  private readonly tls: TlsTermination | undefined;
  private readonly limit: ConnectionLimit;

  /** @throws {CertificateError} when TLS is asked for and its certificates are not there. */
  constructor(
    private readonly engine: Pick<WireEngine, 'serve' | 'leave' | 'close'>,
    options: ListenerOptions = {},
  ) {
    const { tls, keepalive = true, setupTimeoutMs = CONNECTION_SETUP_TIMEOUT_MS, limit = {} } = options;
    const { onRefused, onNearLimit } = options;
    this.limit = new ConnectionLimit(
      limit,
      (error, socket) => {
        onRefused?.(error, socket);
        this.connections.delete(socket);
        socket.destroy();
      },
      onNearLimit,
    );
    this.listener = createServer({ noDelay: true, ...(keepalive && IDLE_PROBE) }, (socket) =>
      this.accept(socket),
    );
    if (!tls) return;
    // TLS ends here: engines meet bytes.
    this.tls = new TlsTermination({ handshakeTimeoutMs: setupTimeoutMs, ...tls }, (socket, accepted) =>
      this.serve(socket, accepted, this.connections.get(accepted) ?? performance.now()),
    );
  }

  /**
   * Opens the port; says which one it is.
   *
   * @throws {ListenError} when it is taken or not allowed.
   */
  listen(address: ListenAddress): Promise<number> {
    const { port, host, key } = address;
    return new Promise((resolve, reject) => {
      const refused = (cause: NodeJS.ErrnoException) => reject(listenError(cause, address));
      this.listener.once('error', refused);
      this.listener.listen({ port, ...(host ? { host } : {}) }, () => {
        this.listener.off('error', refused);
        const bound = this.listener.address();
        if (bound !== null && typeof bound === 'object') resolve(bound.port);
        else reject(new ListenError(`${key}: the gRPC port has no address`));
      });
    });
  }

  get connectionCount(): number {
    return this.connections.size;
  }

  /**
   * Takes no more connections and tells the callers (GOAWAY) to make new calls elsewhere; calls in flight go on. Settles when
   * those have come that callers made before they knew.
   */
  stopAccepting(): Promise<void> {
    if (this.listener.listening) this.listener.close();
    this.tls?.close();
    return this.engine.leave();
  }

  /** Waits until the connections have said their last, for at most `flushMs`, and cuts what is left. */
  async closeConnections(clock: Clock, flushMs: number): Promise<void> {
    this.engine.close();
    if (this.connections.size > 0) {
      const closed = new AbortController();
      this.onLastClose = () => closed.abort();
      await delay(clock, flushMs, closed.signal);
    }
    for (const socket of this.connections.keys()) socket.destroy();
  }

  private accept(socket: Socket): void {
    // A connection that is refused may have been reset by then.
    socket.on('error', () => undefined);
    const admitted = this.limit.admit(socket, this.connections.size);
    if (admitted === 'no') return;
    const acceptedAt = performance.now();
    this.connections.set(socket, acceptedAt);
    socket.once('close', () => {
      this.limit.settled(socket);
      this.connections.delete(socket);
      this.brief.delete(socket);
      if (this.connections.size === 0) this.onLastClose?.();
    });
    if (admitted === 'briefly') this.brief.add(socket);
    if (this.tls) this.tls.accept(socket);
    else this.serve(socket, socket, acceptedAt);
  }

  private serve(socket: Socket, accepted: Socket, acceptedAt: number): void {
    const leave = this.engine.serve(socket, acceptedAt, () => this.limit.settled(accepted));
    if (!leave || !this.brief.has(accepted)) return;
    const timer = setTimeout(leave, BRIEFLY_MS).unref();
    accepted.once('close', () => clearTimeout(timer));
  }
}

function listenError(cause: NodeJS.ErrnoException, { port, host, key }: ListenAddress): ListenError {
  const where = `${host ?? 'all interfaces'}, port ${port}`;
  const why =
    cause.code === 'EADDRINUSE'
      ? `is in use; stop the process that has it (ss -ltnp 'sport = :${port}' names it) or set ${key} to another`
      : cause.code === 'EACCES'
        ? `needs privileges; set ${key} to a port above 1023`
        : cause.message;
  return new ListenError(`cannot listen for gRPC on ${where}: the port ${why}`, { cause });
}
