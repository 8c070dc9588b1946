import type { Http2Server, ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { Server as GrpcServer } from '@grpc/grpc-js';
import { ConnectionSetupError } from '../../call/wire-engine.js';

/**
 * Closes connections that do not establish HTTP/2 in time: silence, half a preface, a byte a second. A single limit
 * from accept to the peer's first SETTINGS; after a TLS handshake, which counts against the same limit, only the rest
 * remains.
 *
 * grpc-js and Node wait forever: to them such a connection is merely idle.
 */
export class ConnectionSetup {
  private readonly mark = Symbol('kun.setup');

  constructor(
    private readonly timeoutMs: number,
    private readonly onRefused: (error: Error, connection: Socket) => void,
  ) {}

  /** Listens to the sessions of a server's connections. Must be called after its injector was created. */
  listen(server: GrpcServer): void {
    const { http2Servers } = server as unknown as GrpcServerParts;
    for (const http2 of http2Servers.keys()) http2.on('session', this.onSession);
  }

  /**
   * Watches a connection that was accepted at `acceptedAt` (as `performance.now()`); `onDone` is called once it speaks
   * HTTP/2.
   */
  watch(socket: Socket, acceptedAt: number, onDone: () => void = () => {}): void {
    const leftMs = Math.max(0, this.timeoutMs - (performance.now() - acceptedAt));
    const timer = setTimeout(() => {
      this.onRefused(new ConnectionSetupError(this.timeoutMs), socket);
      socket.destroy();
    }, leftMs).unref();
    const done = () => {
      clearTimeout(timer);
      onDone();
    };
    socket.once('close', done);
    Object.defineProperty(socket, this.mark, { value: done });
  }

  private readonly onSession = (session: ServerHttp2Session): void => {
    const done = (session.socket as unknown as Record<symbol, (() => void) | undefined>)[this.mark];
    if (done) session.once('remoteSettings', done);
  };
}

/** Internals of grpc-js: the HTTP/2 servers behind its ports and injectors. */
interface GrpcServerParts {
  readonly http2Servers: ReadonlyMap<Http2Server, unknown>;
}
