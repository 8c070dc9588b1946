import { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { CertificateStore } from './certificate-store.js';
import { CertificateError, type Certificates } from './certificates.js';

/** How a server uses TLS. */
export interface ServerTlsOptions {
  /** The server's certificates; each new connection uses the current ones. */
  readonly certificates: CertificateStore;
  /**
   * `required` is mutual TLS: a caller without a certificate that the store's authorities vouch for is refused in the
   * handshake. `optional` lets it in without an identity. Default `none`: not asked for.
   */
  readonly clientCertificates?: 'none' | 'optional' | 'required' | undefined;
  /** Whether a caller that agrees on no protocol (ALPN) is refused, as RFC 9113, section 3.2 has it. Default true */
  readonly requireAlpn?: boolean | undefined;
  /** How long a handshake may take from accept, in milliseconds. Default 20 000, as long as a kun client waits. */
  readonly handshakeTimeoutMs?: number | undefined;
  /** Called for each connection refused in its handshake, with its socket, which still knows the peer. */
  readonly onRefused?: ((error: Error, connection: Socket) => void) | undefined;
}

/** A handshake took too long. */
export class TlsHandshakeTimeoutError extends Error {
  override readonly name = 'TlsHandshakeTimeoutError';
}

/** A caller offered no protocol in its handshake, but HTTP/2 over TLS requires `h2`. */
export class AlpnError extends Error {
  override readonly name = 'AlpnError';

  constructor() {
    super(
      'the caller offered no protocol in its TLS handshake, where gRPC needs h2 (ALPN); have it offer that (HAProxy: "alpn h2" on the line of the server), or set GRPCServer.TLS.RequireALPN to no',
    );
  }
}

/**
 * The encryption of accepted connections: does the handshake, ALPN `h2` and TLS 1.2 or later, and hands over each
 * connection that has done it.
 *
 * kun ends TLS itself and gives grpc-js' connection injector the encrypted sockets: it takes them with plain
 * `ServerCredentials.createInsecure()`, `getAuthContext()` tells the peer's certificate all the same, and
 * `stream.session.socket` is the very socket that was handed over. With secure credentials it would be one that grpc-js
 * makes later, which the listener could not tell for its own. A call costs the same either way.
 */
export class TlsTermination {
  /** Never listens; it only performs handshakes. */
  readonly #server: Server;
  readonly #release: () => void;
  readonly #onTimeout: (socket: Socket) => void;
  readonly #handshakeTimeoutMs: number;
  /** Connections in their handshake. */
  readonly #pending = new WeakMap<Socket, NodeJS.Timeout>();
  #closed = false;

  /** @throws {CertificateError} when the store has no certificate, or callers' are wanted and it has no authorities. */
  constructor(options: ServerTlsOptions, onSecure: (socket: TLSSocket, accepted: Socket) => void) {
    const { certificates, clientCertificates = 'none', handshakeTimeoutMs = 20_000, onRefused } = options;
    const { requireAlpn = true } = options;
    if (!certificates.current.certificate) {
      throw new CertificateError('a TLS server needs a certificate and its private key; name both files');
    }
    if (clientCertificates !== 'none' && !certificates.current.authorities) {
      throw new CertificateError(
        "callers' certificates are asked for, but no file of the authorities that vouch for them is named; name it, or do not ask",
      );
    }
    const server = createServer({
      ...contextOf(certificates.current),
      ALPNProtocols: ['h2'],
      requestCert: clientCertificates !== 'none',
      rejectUnauthorized: clientCertificates === 'required',
      // Node's own counts from the last byte and closes nothing; it is not to come first.
      handshakeTimeout: handshakeTimeoutMs * 2,
    });
    this.#handshakeTimeoutMs = handshakeTimeoutMs;
    this.#onTimeout = (socket) => {
      this.#pending.delete(socket);
      const text = `the TLS handshake was not finished within ${handshakeTimeoutMs} ms`;
      onRefused?.(new TlsHandshakeTimeoutError(text), socket);
      socket.destroy();
    };
    server.on('tlsClientError', (error, socket) => {
      const accepted = acceptedAs(socket);
      // Not those that were reported and closed for taking too long.
      if (this.#settled(accepted)) onRefused?.(refusal(error, socket), accepted);
      socket.destroy();
      accepted.destroy();
    });
    server.on('secureConnection', (socket) => {
      const accepted = acceptedAs(socket);
      this.#settled(accepted);
      // Without a listener a reset would be an uncaught error until the session adds its own.
      socket.on('error', () => undefined);
      if (requireAlpn && socket.alpnProtocol !== 'h2') {
        // A caller that offers only other protocols is refused by OpenSSL.
        onRefused?.(new AlpnError(), accepted);
        socket.destroy();
      } else if (this.#closed) {
        // No call was made on it yet, so its peer can connect elsewhere.
        socket.destroy();
      } else {
        onSecure(socket, accepted);
      }
    });
    this.#server = server;
    // Existing connections keep their certificates.
    this.#release = certificates.onChange((current) => server.setSecureContext(contextOf(current)));
  }

  /** Begins the handshake of a connection. */
  accept(socket: Socket): void {
    // Node keeps what it was asked for once; of a connection that was reset the system tells no more.
    void socket.remoteAddress;
    const timer = setTimeout(this.#onTimeout, this.#handshakeTimeoutMs, socket).unref();
    this.#pending.set(socket, timer);
    socket.once('close', () => clearTimeout(timer));
    this.#server.emit('connection', socket);
  }

  /** Whether the handshake was still in progress. */
  #settled(accepted: Socket): boolean {
    clearTimeout(this.#pending.get(accepted));
    return this.#pending.delete(accepted);
  }

  /** Stops following the certificates, and closes connections that finish their handshake from now on. */
  close(): void {
    this.#closed = true;
    this.#release();
  }
}

/** The socket below a TLS socket; Node has no public API for it. */
function acceptedAs(socket: TLSSocket): Socket {
  const accepted: unknown = Reflect.get(socket, '_parent');
  return accepted instanceof Socket ? accepted : socket;
}

/** A certificate that nobody vouches for shows as a connection that was closed; why is known to the socket. */
function refusal(error: Error, socket: TLSSocket): Error {
  // Typed as an error; on a server it is OpenSSL's name for the reason.
  const why = socket.authorizationError as Error | string | null | undefined;
  const text = why instanceof Error ? why.message : why;
  return text ? new Error(`the caller's certificate was refused: ${text}`, { cause: error }) : error;
}

function contextOf({ certificate, privateKey, authorities }: Certificates) {
  return { cert: certificate, key: privateKey, ca: authorities, minVersion: 'TLSv1.2' as const };
}
