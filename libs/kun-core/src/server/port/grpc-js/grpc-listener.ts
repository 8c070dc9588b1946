import { ExplainedError } from '@kun/config';
import { createServer, type Server as NetServer, type Socket } from 'node:net';
import type { ServerHttp2Stream } from 'node:http2';
import { ServerCredentials, type Server as GrpcServer } from '@grpc/grpc-js';
import { delay, type Clock } from '../../../clock.js';
import { TlsTermination, type ServerTlsOptions } from '../../../tls/server-tls.js';
import { peerAddress } from '../../../transport/peer-address.js';
import { ConnectionKeepalive, type KeepaliveOptions } from '../../../transport/connection-keepalive.js';
import { CONNECTION_SETUP_TIMEOUT_MS, ConnectionSetup } from './connection-setup.js';

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
export interface GrpcListenerOptions {
  /** Encrypts. Default: plain text. */
  readonly tls?: ServerTlsOptions | undefined;
  /** How connections with open calls are asked whether they are alive; `false` for not at all. Default: 60 s, 20 s. */
  readonly keepalive?: KeepaliveOptions | false | undefined;
  /** How long a connection may take from its accept to HTTP/2, TLS included, in milliseconds. Default 20 000. */
  readonly setupTimeoutMs?: number | undefined;
  /** Told of each connection closed for taking longer, with its socket. Default: nobody is. */
  readonly onRefused?: ((error: Error, connection: Socket) => void) | undefined;
}

/** Connections without calls are probed by the kernel, which costs nothing here. */
const IDLE_PROBE = { keepAlive: true, keepAliveInitialDelay: 60_000 };

/**
 * The listening socket and the connections of a gRPC server. kun owns them, and hands them to grpc-js: grpc-js' own
 * `forceShutdown` closes nothing while channelz is off.
 */
export class GrpcListener {
  private readonly owner = Symbol('kun.connection');
  /** With when each was accepted, as `performance.now()`. */
  private readonly connections = new Map<Socket, number>();
  private readonly listener: NetServer;
  private onLastClose: (() => void) | undefined;
  private readonly injector: ReturnType<GrpcServer['createConnectionInjector']>;

  private readonly tls: TlsTermination | undefined;
  private readonly keepalive: ConnectionKeepalive | undefined;
  private readonly setup: ConnectionSetup;

  /** @throws {CertificateError} when TLS is asked for and its certificates are not there. */
  constructor(server: GrpcServer, options: GrpcListenerOptions = {}) {
    const { tls, keepalive = {}, setupTimeoutMs = CONNECTION_SETUP_TIMEOUT_MS, onRefused } = options;
    if (keepalive) this.keepalive = new ConnectionKeepalive(keepalive, 'server');
    // TLS ends here; for grpc-js every connection is a plain one.
    this.injector = server.createConnectionInjector(ServerCredentials.createInsecure());
    this.listener = createServer({ noDelay: true, ...(keepalive && IDLE_PROBE) }, (socket) =>
      this.accept(socket),
    );
    this.setup = new ConnectionSetup(setupTimeoutMs, onRefused);
    this.setup.listen(server);
    if (tls) {
      const limited = { handshakeTimeoutMs: setupTimeoutMs, ...tls };
      this.tls = new TlsTermination(limited, (socket, accepted) => this.inject(socket, accepted));
    }
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
        if (bound && typeof bound === 'object') resolve(bound.port);
        else reject(new ListenError(`${key}: the gRPC port has no address`));
      });
    });
  }

  /** Whether the stream came over one of these connections. */
  owns(stream: ServerHttp2Stream): boolean {
    return this.peerOf(stream) !== undefined;
  }

  /** Who is at the other end of the connection that the stream came over; `undefined` when it is none of these. */
  peerOf(stream: ServerHttp2Stream): string | undefined {
    const socket = stream.session?.socket as (Socket & { [owner: symbol]: string | undefined }) | undefined;
    return socket?.[this.owner];
  }

  get connectionCount(): number {
    return this.connections.size;
  }

  /** Takes no more connections and tells the callers (GOAWAY) to make new calls elsewhere; calls in flight go on. */
  stopAccepting(): void {
    if (this.listener.listening) this.listener.close();
    this.tls?.close();
    this.injector.destroy();
  }

  /** Waits until the connections have said their last, for at most `flushMs`, and cuts what is left. */
  async closeConnections(clock: Clock, flushMs: number): Promise<void> {
    if (this.connections.size > 0) {
      const closed = new AbortController();
      this.onLastClose = () => closed.abort();
      await delay(clock, flushMs, closed.signal);
    }
    for (const socket of this.connections.keys()) socket.destroy();
  }

  private accept(socket: Socket): void {
    this.connections.set(socket, performance.now());
    socket.once('close', () => {
      this.connections.delete(socket);
      if (this.connections.size === 0) this.onLastClose?.();
    });
    if (this.tls) this.tls.accept(socket);
    else this.inject(socket, socket);
  }

  /** `accepted` is the socket below an encrypted one, else the same. */
  private inject(socket: Socket, accepted: Socket): void {
    Object.defineProperty(socket, this.owner, { value: peerAddress(socket) });
    this.setup.watch(socket, this.connections.get(accepted) ?? performance.now());
    this.keepalive?.watch(socket);
    this.injector.injectConnection(socket);
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
