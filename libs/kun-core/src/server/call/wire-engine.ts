import type { Socket } from 'node:net';
import type { CompressionAlgorithm } from '../../transport/compression.js';
import type { GrpcChannelOptions } from '../../transport/channel-options.js';
import type { BoundMethod } from './bound-method.js';
import type { CallEnvironment } from './call-environment.js';
import type { ServerCall } from './server-call.js';

/** Why a wire may refuse something by itself, and what it refuses for that: a call, or a whole connection. */
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

/** What a wire refused by itself, for whoever counts and logs. */
export interface WireRefusal {
  readonly reason: keyof typeof WIRE_REFUSALS;
  /** What happened; nothing of the peer's is in it. */
  readonly detail: string;
  /** `address:port`. */
  readonly peer: string;
  readonly scope: 'connection' | 'stream';
}

/** What of the configuration's limits an engine is told; what is left out has its default. */
export interface EngineSettings {
  /** Largest message in either direction. */
  readonly maxMessageBytes: number;
  /** How messages of answers are compressed. Default `identity`; grpc-js has no other */
  readonly compression?: CompressionAlgorithm | undefined;
  readonly keepaliveEnabled: boolean;
  /** Silence after which a connection with open calls is asked whether it is alive, in milliseconds. Default 60 000. */
  readonly keepaliveTimeMs?: number | undefined;
  /** How long it has to answer, in milliseconds. Default 20 000. */
  readonly keepaliveTimeoutMs?: number | undefined;
  /** Default: connections may grow old. */
  readonly maxConnectionAgeMs?: number | undefined;
  /** Default: calls of a connection that has grown old may take as long as they do. */
  readonly maxConnectionAgeGraceMs?: number | undefined;
  /** Default: connections may be idle. */
  readonly maxConnectionIdleMs?: number | undefined;
  /** How long a connection may take from its accept to HTTP/2, TLS included, in milliseconds. Default 20 000. */
  readonly connectionTimeoutMs?: number | undefined;
  /** Calls open on a connection. Default 1000 of kun, any number of grpc-js. */
  readonly maxConcurrentStreams?: number | undefined;
  /** Calls of a connection reset at once. Default 1000 of kun, 10 000 of grpc-js. */
  readonly resetBurst?: number | undefined;
  /** And so many a second after that. Default 100 of kun, 1000 of grpc-js. */
  readonly resetsPerSecond?: number | undefined;
  /** Limits of kun's own wire; see `ConnectionLimits` and `ProcessLimits` of `@kun/wire`, which have the defaults. */
  readonly maxHeaderListBytes?: number | undefined;
  readonly maxHeaderFields?: number | undefined;
  readonly headerTimeoutMs?: number | undefined;
  readonly overheadBurst?: number | undefined;
  readonly overheadPerSecond?: number | undefined;
  readonly maxUnfinishedBytes?: number | undefined;
  readonly maxUnsentBytes?: number | undefined;
  readonly maxInflations?: number | undefined;
}

/** What every engine is made of. */
export interface WireEngineOptions {
  /** All that is served, by path. */
  readonly methods: ReadonlyMap<string, BoundMethod>;
  readonly environment: CallEnvironment<ServerCall>;
  /** Takes a call through the chain; throws nothing. A call to nothing that is served has no method bound. */
  readonly run: (call: ServerCall) => void;
  readonly settings: EngineSettings;
  readonly channelOptions: GrpcChannelOptions | undefined;
  /** Told of what the wire refused, where the engine knows; it may come thousands of times a second. */
  readonly onWireRefusal?: ((refusal: WireRefusal) => void) | undefined;
  /** Told of each connection closed before it came to HTTP/2, with its socket. */
  readonly onRefused: (error: Error, connection: Socket) => void;
}

/** What speaks gRPC on the connections that the port has accepted. */
export interface WireEngine {
  /**
   * Serves a connection, accepted at `acceptedAt` (as `performance.now()`), encrypted or not. `onUsed` is called once it is
   * of use: when it has come to HTTP/2, or where the engine can tell with its first call. What is returned asks its client
   * to leave, without losing a call; nothing where the engine cannot.
   */
  serve(socket: Socket, acceptedAt: number, onUsed: () => void): (() => void) | undefined;
  /**
   * Tells all callers to make new calls elsewhere (GOAWAY); calls in flight go on. Settles when every call has come that
   * was made before its caller knew, as far as the engine can tell.
   */
  leave(): Promise<void>;
  /** Closes connections once what was sent is out. */
  close(): void;
  /** No connection is left: gives back what the engine holds of the process. */
  release(): void;
}

/** How long a connection may take by default until calls can be made over it, in milliseconds: as long as kun's clients wait. */
export const CONNECTION_SETUP_TIMEOUT_MS = 20_000;

/** A connection was closed since what came over it is not HTTP/2. */
export class NotHttp2Error extends Error {
  override readonly name = 'NotHttp2Error';

  constructor() {
    super(
      'what came over the connection is not HTTP/2; is the caller one of gRPC, and does it encrypt as this port does?',
    );
  }
}

/** A connection was closed since it did not come to HTTP/2 in time. */
export class ConnectionSetupError extends Error {
  override readonly name = 'ConnectionSetupError';

  constructor(timeoutMs: number) {
    super(`the connection did not come to HTTP/2 within ${timeoutMs} ms`);
  }
}
