/* oxlint-disable no-underscore-dangle -- grpc-js' names for the parts of its credentials */
import type { Socket } from 'node:net';
import { ChannelCredentials, type experimental } from '@grpc/grpc-js';
import {
  ConnectionKeepalive,
  KEEPALIVE_TIME_MS,
  KEEPALIVE_TIMEOUT_MS,
  type KeepaliveOptions,
} from '../../transport/connection-keepalive.js';
import { TcpAttempts } from './tcp-attempts.js';

/** Options of each connection. */
export interface ConnectionOptions {
  /**
   * How long a connection may take from its first packet to the peer's first HTTP/2 frame, TLS handshake included, in
   * milliseconds. Default 20 000: `MIN_CONNECT_TIMEOUT` of gRPC's connection backoff.
   */
  readonly connectTimeoutMs?: number | undefined;
  /** `false` turns it off. */
  readonly keepalive?: KeepaliveOptions | false | undefined;
}

/** A peer did not answer, or accepted a connection and then sent nothing. */
export class ConnectTimeoutError extends Error {
  override readonly name = 'ConnectTimeoutError';
}

/** From gRPC's connection backoff. */
export const CONNECT_TIMEOUT_MS = 20_000;

/** The shortest valid HTTP/2 message: a frame header, such as that of empty SETTINGS. */
const FRAME_HEADER_BYTES = 9;

/**
 * Credentials that supervise the connections made with them. grpc-js waits indefinitely for a peer that has accepted
 * but says nothing (grpc-node#2785), and the channel never recovers; here the socket is destroyed, the attempt fails,
 * and the channel retries after its backoff.
 *
 * Two instances are equal if the credentials they wrap and their limits are, so that grpc-js shares connections only
 * between channels that would make the same ones. The keepalive lives as long as the connections, whichever channel
 * closes first.
 */
export class GuardedCredentials extends ChannelCredentials {
  private readonly connectTimeoutMs: number;
  private readonly keepalive: ConnectionKeepalive | undefined;
  private readonly limits: string;
  private readonly attempts: TcpAttempts;

  constructor(
    private readonly inner: ChannelCredentials,
    { connectTimeoutMs = CONNECT_TIMEOUT_MS, keepalive = {} }: ConnectionOptions = {},
  ) {
    super();
    this.connectTimeoutMs = connectTimeoutMs;
    this.attempts = new TcpAttempts(connectTimeoutMs, (socket) =>
      socket.destroy(new ConnectTimeoutError(`no connection within ${connectTimeoutMs} ms`)),
    );
    const limits = [connectTimeoutMs];
    if (keepalive !== false) {
      this.keepalive = new ConnectionKeepalive(keepalive);
      const { timeMs = KEEPALIVE_TIME_MS, timeoutMs = KEEPALIVE_TIMEOUT_MS } = keepalive;
      limits.push(timeMs, timeoutMs);
    }
    this.limits = limits.join(' ');
  }

  override _isSecure(): boolean {
    return this.inner._isSecure();
  }

  override _equals(other: ChannelCredentials): boolean {
    return (
      other instanceof GuardedCredentials && other.limits === this.limits && this.inner._equals(other.inner)
    );
  }

  override _createSecureConnector(
    ...args: Parameters<ChannelCredentials['_createSecureConnector']>
  ): experimental.SecureConnector {
    const connector = this.inner._createSecureConnector(...args);
    return {
      connect: (socket) => this.connect(connector, socket),
      waitForReady: () => {
        this.attempts.begin();
        return connector.waitForReady();
      },
      getCallCredentials: () => connector.getCallCredentials(),
      destroy: () => connector.destroy(),
    };
  }

  private connect(
    connector: experimental.SecureConnector,
    socket: Socket,
  ): Promise<experimental.SecureConnectResult> {
    return new Promise((resolve, reject) => {
      // Read now, because a closed socket no longer knows it.
      const peer = nameOf(socket);
      let connected: Socket | undefined;
      const giveUp = () => {
        if (connected && connected.bytesRead >= FRAME_HEADER_BYTES) return;
        const error = this.silent(peer, connected);
        connected?.destroy(error);
        socket.destroy(error);
        reject(error);
      };
      const leftMs = this.connectTimeoutMs - this.attempts.ageMs(socket);
      // Data that arrived while this process was busy is read first.
      const timer = setTimeout(() => setImmediate(giveUp), leftMs).unref();
      socket.once('close', () => {
        clearTimeout(timer);
        // A peer that closes during the handshake would leave grpc-js waiting, too. TLS errors are reported first.
        setImmediate(() => reject(new Error(`${peer} closed the connection before it was set up`)));
      });
      connector.connect(socket).then((result) => {
        connected = result.socket;
        this.keepalive?.watch(connected);
        resolve(result);
      }, reject);
    });
  }

  private silent(peer: string, connected: Socket | undefined): ConnectTimeoutError {
    const missing = connected ? 'HTTP/2 settings came' : 'TLS handshake was done';
    return new ConnectTimeoutError(
      `${peer} accepted the connection, but no ${missing} within ${this.connectTimeoutMs} ms`,
    );
  }
}

function nameOf({ remoteAddress, remotePort }: Socket): string {
  return remoteAddress ? `${remoteAddress}:${remotePort}` : 'the peer';
}
