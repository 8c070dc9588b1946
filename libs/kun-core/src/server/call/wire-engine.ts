import type { Socket } from 'node:net';
import type { CompressionAlgorithm } from '../../transport/compression.js';
import type { GrpcChannelOptions } from '../../transport/channel-options.js';
import type { BoundMethod } from './bound-method.js';
import type { CallEnvironment } from './call-environment.js';
import type { ServerCall } from './server-call.js';

/** Reasons for which a wire refuses something by itself, and whether that ends a call or a whole connection. */
export const WIRE_REFUSALS = {
  'control-flood': ['connection'],
  'going-away': ['stream'],
  'header-timeout': ['connection'],
  'headers-too-large': ['stream', 'connection'],
  'keepalive-timeout': ['connection'],
  'message-too-large': ['stream'],
  'overhead-flood': ['connection'],
  'protocol-error': ['connection'],
  'reset-flood': ['connection'],
  'settings-timeout': ['connection'],
  'stream-error': ['stream'],
  'too-many-continuations': ['connection'],
  'too-many-streams': ['stream'],
  'unfinished-bytes': ['stream'],
  'unsent-bytes': ['stream'],
} as const;

/** A refusal by the wire, for metrics and logs. */
export interface WireRefusal {
  readonly reason: keyof typeof WIRE_REFUSALS;
  /** What happened; contains nothing that the peer sent. */
  readonly detail: string;
  /** `address:port`. */
  readonly peer: string;
  readonly scope: 'connection' | 'stream';
}

/** The configured limits that concern an engine; omitted ones have their default. */
export interface EngineSettings {
  /** Largest message in either direction. */
  readonly maxMessageBytes: number;
  /** How response messages are compressed. Default `identity`; the engine grpc-js has no other */
  readonly compression?: CompressionAlgorithm | undefined;
  readonly keepaliveEnabled: boolean;
  /** How long a connection with open calls may be silent before it is pinged, in milliseconds. Default 60 000. */
  readonly keepaliveTimeMs?: number | undefined;
  /** How long the peer may take to answer the ping, in milliseconds. Default 20 000. */
  readonly keepaliveTimeoutMs?: number | undefined;
  /** Default: unlimited. */
  readonly maxConnectionAgeMs?: number | undefined;
  /** Default: unlimited. */
  readonly maxConnectionAgeGraceMs?: number | undefined;
  /** Default: unlimited. */
  readonly maxConnectionIdleMs?: number | undefined;
  /**
   * How long a connection may take from accept until HTTP/2 is established, TLS included, in milliseconds. Default 20
   * 000.
   */
  readonly connectionTimeoutMs?: number | undefined;
  /** Concurrent calls per connection. Default 1000 for kun, unlimited for grpc-js. */
  readonly maxConcurrentStreams?: number | undefined;
  /** How many calls of a connection may be reset in a burst. Default 1000 for kun, 10 000 for grpc-js. */
  readonly resetBurst?: number | undefined;
  /** How many may be reset per second beyond that. Default 100 for kun, 1000 for grpc-js. */
  readonly resetsPerSecond?: number | undefined;
  /** Limits of kun's own wire; see `ConnectionLimits` and `ProcessLimits` of `@kun/wire` for the defaults. */
  readonly maxHeaderListBytes?: number | undefined;
  readonly maxHeaderFields?: number | undefined;
  readonly headerTimeoutMs?: number | undefined;
  readonly overheadBurst?: number | undefined;
  readonly overheadPerSecond?: number | undefined;
  readonly maxUnfinishedBytes?: number | undefined;
  readonly maxUnsentBytes?: number | undefined;
  readonly maxInflations?: number | undefined;
}

/** Options of every engine. */
export interface WireEngineOptions {
  /** All served methods, by path. */
  readonly methods: ReadonlyMap<string, BoundMethod>;
  readonly environment: CallEnvironment<ServerCall>;
  /** Runs a call through the interceptor chain; must not throw. A call to an unknown method has no bound method. */
  readonly run: (call: ServerCall) => void;
  readonly settings: EngineSettings;
  readonly channelOptions: GrpcChannelOptions | undefined;
  /** Called when the wire refused something, if the engine knows; possibly thousands of times a second. */
  readonly onWireRefusal?: ((refusal: WireRefusal) => void) | undefined;
  /** Called for each connection that was closed before HTTP/2 was established, with its socket. */
  readonly onRefused: (error: Error, connection: Socket) => void;
}

/** Speaks gRPC on the connections that the port accepts. */
export interface WireEngine {
  /**
   * Serves a connection that was accepted at `acceptedAt` (as `performance.now()`), encrypted or not. `onUsed` is
   * called once HTTP/2 is established, or with the first call if that is all the engine can tell. Returns a function
   * that asks the client to leave without losing a call, if the engine supports it.
   */
  serve(socket: Socket, acceptedAt: number, onUsed: () => void): (() => void) | undefined;
  /**
   * Sends GOAWAY to all callers; calls in flight continue. Resolves when every call that a caller made before it saw
   * the GOAWAY has arrived, as far as the engine can tell.
   */
  leave(): Promise<void>;
  /** Closes connections once pending data is written. */
  close(): void;
  /** Releases the engine's process-wide resources; called when no connection is left. */
  release(): void;
}

/** The default time from accept until calls can be made, in milliseconds: as long as kun's clients wait. */
export const CONNECTION_SETUP_TIMEOUT_MS = 20_000;

/** A connection was closed because its peer does not speak HTTP/2. */
export class NotHttp2Error extends Error {
  override readonly name = 'NotHttp2Error';

  constructor() {
    super(
      'the peer does not speak HTTP/2; is it a gRPC client, and do its TLS settings match those of this port?',
    );
  }
}

/** A connection was closed because HTTP/2 was not established in time. */
export class ConnectionSetupError extends Error {
  override readonly name = 'ConnectionSetupError';

  constructor(timeoutMs: number) {
    super(`HTTP/2 was not established within ${timeoutMs} ms`);
  }
}
