import type { Socket } from 'node:net';
import type { GrpcChannelOptions } from '../../transport/channel-options.js';
import type { BoundMethod } from './bound-method.js';
import type { CallEnvironment } from './call-environment.js';
import type { ServerCall } from './server-call.js';

/** What a wire refused by itself, for whoever counts and logs: a call, or a whole connection. */
export interface WireRefusal {
  /** One of a fixed set of names, fit for a label. */
  readonly reason: string;
  /** What happened; nothing of the peer's is in it. */
  readonly detail: string;
  /** `address:port`. */
  readonly peer: string;
  readonly scope: 'connection' | 'stream';
}

/** What every engine is made of. */
export interface WireEngineOptions {
  /** All that is served, by path. */
  readonly methods: ReadonlyMap<string, BoundMethod>;
  readonly environment: CallEnvironment<ServerCall>;
  /** Takes a call through the chain; throws nothing. A call to nothing that is served has no method bound. */
  readonly run: (call: ServerCall) => void;
  readonly settings: {
    readonly maxMessageBytes: number;
    readonly keepaliveEnabled: boolean;
    /** `undefined`: connections may grow old. */
    readonly maxConnectionAgeMs: number | undefined;
    /** How long a connection may take from its accept to HTTP/2, TLS included, in milliseconds. Default 20 000. */
    readonly connectionTimeoutMs?: number | undefined;
  };
  readonly channelOptions: GrpcChannelOptions | undefined;
  /** Told of what the wire refused, where the engine knows; it may come thousands of times a second. */
  readonly onWireRefusal?: ((refusal: WireRefusal) => void) | undefined;
  /** Told of each connection closed before it came to HTTP/2, with its socket. */
  readonly onRefused: (error: Error, connection: Socket) => void;
}

/** What speaks gRPC on the connections that the port has accepted. */
export interface WireEngine {
  /** Serves a connection, accepted at `acceptedAt` (as `performance.now()`), encrypted or not. */
  serve(socket: Socket, acceptedAt: number): void;
  /** Tells all callers to make new calls elsewhere (GOAWAY); calls in flight go on. */
  leave(): void;
  /** Closes connections once what was sent is out. */
  close(): void;
  /** No connection is left: gives back what the engine holds of the process. */
  release(): void;
}

/** How long a connection may take by default until calls can be made over it, in milliseconds: as long as kun's clients wait. */
export const CONNECTION_SETUP_TIMEOUT_MS = 20_000;

/** A connection was closed since it did not come to HTTP/2 in time. */
export class ConnectionSetupError extends Error {
  override readonly name = 'ConnectionSetupError';

  constructor(timeoutMs: number) {
    super(`the connection did not come to HTTP/2 within ${timeoutMs} ms`);
  }
}
