import { ExplainedError } from '@kun/config';
import { Client, connectivityState, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { DEFAULT_MAX_MESSAGE_BYTES } from '../../settings/keys/rpc.js';
import type { CertificateStore } from '../../tls/certificate-store.js';
import { TlsChannelCredentials } from '../../tls/tls-channel-credentials.js';
import type { GrpcChannelOptions } from '../../transport/channel-options.js';
import { clientChannelOptions } from './channel-options.js';
import type { KeepaliveOptions } from '../../transport/connection-keepalive.js';
import { GuardedCredentials } from './connect-timeout.js';
import { httpProxyFor, type Environment } from './http-proxy.js';
import { dial } from './target.js';

/** A channel to an upstream. */
export interface UpstreamChannelOptions {
  /** The name the upstream is registered and configured under. */
  readonly name: string;
  /** `host:port`, or any other form that {@link dial} accepts. */
  readonly target: string;
  /** TLS: the CAs to trust, and the client certificate if the upstream requires one. Default: plaintext */
  readonly certificates?: CertificateStore | undefined;
  /** Dial the sidecar at this port of localhost, and keep the target as `:authority`. */
  readonly proxyPort?: number | undefined;
  /** How long an accepted connection may take to be set up, in milliseconds. Default 20 000. */
  readonly connectTimeoutMs?: number | undefined;
  /** The largest message, sent or received. Default 4 MiB, as in gRPC. */
  readonly maxMessageBytes?: number | undefined;
  /** `false` turns it off. Default: a ping after 60 s of silence under an open call, with 20 s to answer. */
  readonly keepalive?: KeepaliveOptions | false | undefined;
  /**
   * The delay after the first failed connection attempt, in milliseconds; each further delay is 1.6 times as long.
   * Default 1000.
   */
  readonly initialBackoffMs?: number | undefined;
  /** The longest delay in milliseconds, ±20 %. Default 10 000. */
  readonly maxBackoffMs?: number | undefined;
  /** The environment that names HTTP proxies. Default: `process.env` */
  readonly environment?: Environment | undefined;
  /** grpc-js channel options, overriding kun's; unsupported ones are refused. */
  readonly channelOptions?: GrpcChannelOptions | undefined;
}

/** The state of a channel. */
export type ChannelState = 'idle' | 'connecting' | 'ready' | 'failing' | 'closed';

/** An upstream could not be reached in time. */
export class UpstreamNotReadyError extends ExplainedError {
  override readonly name = 'UpstreamNotReadyError';
}

/** A channel, open until it is closed: it connects when there are calls, and reconnects when connections are lost. */
export interface UpstreamChannel {
  readonly name: string;
  readonly target: string;
  /** Makes calls to any method. */
  readonly client: Client;
  readonly state: ChannelState;
  /**
   * Connects, and resolves once connected.
   *
   * @throws {UpstreamNotReadyError} naming the upstream, its target and the last failure, when it is not connected in
   * time.
   */
  waitForReady(timeoutMs: number): Promise<void>;
  /**
   * Closes the channel: new calls throw. Calls on the wire finish, those waiting for a connection end with UNAVAILABLE.
   * Idempotent.
   */
  close(): void;
}

/** The initial delay of gRPC's connection backoff; its maximum of 120 s would outlast most outages. */
const INITIAL_BACKOFF_MS = 1_000;
const MAX_BACKOFF_MS = 10_000;

/**
 * Opens a channel. Transparent retries of grpc-js stay enabled: a call refused by a draining server is retried
 * elsewhere.
 *
 * @throws {TargetError} when the target cannot be dialled.
 * @throws {HttpProxyError} when the HTTP proxy for it is invalid.
 * @throws {ChannelOptionError} for a channel option without effect.
 */
export function openChannel(options: UpstreamChannelOptions): UpstreamChannel {
  const { name, target, certificates, proxyPort, connectTimeoutMs } = options;
  const dialled = dial({ name, target, proxyPort });
  const proxied = options.channelOptions?.['grpc.enable_http_proxy'] !== 0 ? dialled.reach : undefined;
  const proxy = proxied ? httpProxyFor(proxied, options.environment ?? process.env) : undefined;
  const { options: channelOptions, keepalive } = clientChannelOptions(
    {
      name,
      dial: dialled,
      proxy,
      maxMessageBytes: options.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES,
      initialBackoffMs: options.initialBackoffMs ?? INITIAL_BACKOFF_MS,
      maxBackoffMs: options.maxBackoffMs ?? MAX_BACKOFF_MS,
      keepalive: options.keepalive ?? {},
    },
    options.channelOptions,
  );
  const inner = certificates ? new TlsChannelCredentials(certificates) : credentials.createInsecure();
  const guarded = new GuardedCredentials(inner, { connectTimeoutMs, keepalive });
  return new OpenChannel(
    name,
    target,
    proxyPort,
    new Client(proxy ? `dns:///${proxy.address}` : dialled.address, guarded, channelOptions),
  );
}

class OpenChannel implements UpstreamChannel {
  private closed = false;

  constructor(
    readonly name: string,
    readonly target: string,
    private readonly proxyPort: number | undefined,
    readonly client: Client,
  ) {}

  get state(): ChannelState {
    return this.closed ? 'closed' : STATES[this.client.getChannel().getConnectivityState(false)];
  }

  async waitForReady(timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    let seen: string | undefined;
    for (;;) {
      if (this.closed) throw this.notReady(timeoutMs, 'the channel was closed');
      const channel = this.client.getChannel();
      const state = channel.getConnectivityState(true);
      if (state === connectivityState.READY) return;
      if (state === connectivityState.TRANSIENT_FAILURE) seen = await this.failure(deadline);
      const changed = await new Promise<boolean>((resolve) =>
        channel.watchConnectivityState(state, deadline, (error) => resolve(!error)),
      );
      if (!changed) {
        throw this.notReady(timeoutMs, seen ?? `${STATES[state]}, without an answer`);
      }
    }
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.client.close();
  }

  /**
   * Why the channel fails: a call on a failing channel fails immediately with the reason, without leaving the process.
   */
  private failure(deadline: number): Promise<string> {
    const bytes = (value: Buffer) => value;
    return new Promise((resolve) => {
      const answered = (error: ServiceError | null) => resolve(error?.details ?? 'connected');
      const { client } = this;
      client.makeUnaryRequest('/-/-', bytes, bytes, Buffer.alloc(0), new Metadata(), { deadline }, answered);
    });
  }

  private notReady(timeoutMs: number, seen: string): UpstreamNotReadyError {
    const through = this.proxyPort === undefined ? '' : ` through the proxy at 127.0.0.1:${this.proxyPort}`;
    return new UpstreamNotReadyError(
      `upstream ${this.name} (${this.target})${through} was not reached within ${timeoutMs} ms; last seen: ${seen}. Check that it is running there, or increase the timeout`,
    );
  }
}

const STATES: Readonly<Record<connectivityState, ChannelState>> = {
  [connectivityState.IDLE]: 'idle',
  [connectivityState.CONNECTING]: 'connecting',
  [connectivityState.READY]: 'ready',
  [connectivityState.TRANSIENT_FAILURE]: 'failing',
  [connectivityState.SHUTDOWN]: 'closed',
};
