import { createServer, type Server as NetServer, type Socket } from 'node:net';
import { delay, type Clock } from '../../clock.js';
import { TlsTermination, type ServerTlsOptions } from '../../tls/server-tls.js';
import { CONNECTION_SETUP_TIMEOUT_MS, type WireEngine } from '../call/wire-engine.js';
import { ConnectionQuota, type ConnectionQuotaOptions, type NearLimit } from './connection-quota.js';
import { GRPC_PORT, PortError } from '../../transport/port-error.js';

/** Where to listen. */
export interface ListenAddress {
  /** 0 picks any free port. */
  readonly port: number;
  /** Default: all interfaces, IPv6 and IPv4. */
  readonly host?: string | undefined;
}

/** The system could not hand over a connection: it ran out of files or memory. Callers see their connection fail. */
export class AcceptError extends Error {
  override readonly name = 'AcceptError';

  constructor(cause: Error) {
    super(`the system could not hand over a connection: ${cause.message}`, { cause });
  }
}

/** Configuration of a listener. */
export interface ListenerOptions {
  /** TLS. Default: plaintext */
  readonly tls?: ServerTlsOptions | undefined;
  /** Whether the kernel probes idle connections. Default: true */
  readonly keepalive?: boolean | undefined;
  /** How long a connection may take from accept to the end of its handshake, in milliseconds. Default 20 000. */
  readonly setupTimeoutMs?: number | undefined;
  /** Connection limits. Default: none */
  readonly limit?: ConnectionQuotaOptions | undefined;
  /**
   * Called for each connection that is refused for lack of room, before it is closed; without a connection if the
   * system could not hand it over. Default: none
   */
  readonly onRefused?: ((error: Error, connection: Socket | undefined) => void) | undefined;
  /** Called for each new connection while little room is left. Default: none */
  readonly onNearLimit?: ((near: NearLimit) => void) | undefined;
}

/**
 * How long a connection accepted beyond the limit may make calls, in milliseconds; its client is then asked to leave.
 */
const BRIEFLY_MS = 5000;

/** The kernel probes connections without calls, which costs nothing here. */
const IDLE_PROBE = { keepAlive: true, keepAliveInitialDelay: 60_000 };

/** The listening socket and the connections of a gRPC server. kun owns them and hands them to an engine. */
export class Listener {
  /** Each with its accept time, as `performance.now()`. */
  private readonly connections = new Map<Socket, number>();
  /** The connections accepted beyond the limit. */
  private readonly brief = new Set<Socket>();
  private readonly listener: NetServer;
  private onLastClose: (() => void) | undefined;
  private readonly tls: TlsTermination | undefined;
  private readonly limit: ConnectionQuota;

  /** @throws {CertificateError} when TLS is configured and its certificates are missing. */
  constructor(
    private readonly engine: Pick<WireEngine, 'serve' | 'leave' | 'close'>,
    options: ListenerOptions = {},
  ) {
    const { tls, keepalive = true, setupTimeoutMs = CONNECTION_SETUP_TIMEOUT_MS, limit = {} } = options;
    const { onRefused, onNearLimit } = options;
    this.limit = new ConnectionQuota(
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
    // Unheard, an error that occurs while the port is open would end the process.
    this.listener.on('error', (cause) => {
      if (this.listener.listening) onRefused?.(new AcceptError(cause), undefined);
    });
    if (!tls) return;
    // TLS terminates here: engines see plaintext.
    this.tls = new TlsTermination({ handshakeTimeoutMs: setupTimeoutMs, ...tls }, (socket, accepted) =>
      this.serve(socket, accepted, this.connections.get(accepted) ?? performance.now()),
    );
  }

  /**
   * Opens the port and returns its number.
   *
   * @throws {PortError} when it is in use or not permitted.
   */
  listen({ port, host }: ListenAddress): Promise<number> {
    return new Promise((resolve, reject) => {
      const refused = (cause: NodeJS.ErrnoException) => reject(new PortError(GRPC_PORT, port, cause));
      this.listener.once('error', refused);
      this.listener.listen({ port, ...(host ? { host } : {}) }, () => {
        this.listener.off('error', refused);
        const bound = this.listener.address();
        if (bound !== null && typeof bound === 'object') resolve(bound.port);
        else reject(new PortError(GRPC_PORT, port, 'it has no address'));
      });
    });
  }

  get connectionCount(): number {
    return this.connections.size;
  }

  /**
   * Stops accepting connections and sends GOAWAY; calls in flight continue. Resolves when the calls that callers made
   * before they saw the GOAWAY have arrived.
   */
  stopAccepting(): Promise<void> {
    if (this.listener.listening) this.listener.close();
    this.tls?.close();
    return this.engine.leave();
  }

  /** Waits up to `flushMs` for connections to write pending data, then cuts those that remain. */
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
    // A refused connection may have been reset by then.
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
