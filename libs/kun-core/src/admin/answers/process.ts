import type { Side } from './calls.js';

/** A check of a probe. */
export interface ProbeEntry {
  readonly status: 'up' | 'down' | 'degraded';
  readonly [fact: string]: unknown;
}

/** `GET /statusz`. */
export interface StatusAnswer {
  readonly at: number;
  readonly identity: {
    readonly domain: string;
    readonly namespace: string;
    readonly cluster: string;
    readonly service: string;
    readonly instance: string;
    readonly version?: string;
    readonly pod?: { readonly name: string; readonly namespace?: string };
  };
  readonly process: {
    readonly pid: number;
    readonly kun: string;
    readonly node: string;
    /** When the process began, in milliseconds since the epoch. */
    readonly startedAt: number;
    readonly uptimeSeconds: number;
  };
  readonly lifecycle: 'idle' | 'starting' | 'serving' | 'stopping' | 'stopped';
  readonly phase: 'starting' | 'serving' | 'draining' | 'stopped';
  readonly ready: boolean;
  /** Why the service is not ready, as texts. */
  readonly reasons: readonly string[];
  /** The names of active holds. */
  readonly holds: readonly string[];
  /** The checks of `/readyz` and `/livez`. */
  readonly readiness: Readonly<Record<string, ProbeEntry>>;
  readonly liveness: Readonly<Record<string, ProbeEntry>>;
  readonly started: boolean;
  readonly ports: { readonly grpc?: number; readonly http?: number; readonly admin?: number };
  readonly eventLoop: {
    /** The delay of the event loop within `windowMs`, in milliseconds. */
    readonly delayP50Ms: number;
    readonly delayP99Ms: number;
    readonly delayMaxMs: number;
    /** The share of time in which it was busy, 0 to 1. */
    readonly utilization: number;
    readonly windowMs: number;
  };
  /** In bytes. */
  readonly memory: {
    readonly rss: number;
    readonly heapUsed: number;
    readonly heapTotal: number;
    /** The heap size at which Node aborts. */
    readonly heapLimit: number;
    readonly external: number;
    readonly arrayBuffers: number;
  };
  /** Share of one core used within `windowMs` of the event loop's figures, 0 to 1 and more. */
  readonly cpu: number;
  /** Since the start, by kind: `minor`, `major`, `incremental`, `weakcb`. */
  readonly gc: Readonly<Record<string, { readonly count: number; readonly seconds: number }>>;
  readonly config: {
    readonly hash: string;
    readonly loadedAt: number;
    readonly lastReloadSuccessful: boolean;
    readonly reloads: number;
    readonly failures: number;
    /** Changed keys that need a restart. */
    readonly needRestart: readonly string[];
  };
  readonly logLevel: LogLevelAnswer;
  /** Features by a short name: `{ tls: true, engine: 'kun', reflection: false, … }`. */
  readonly features: Readonly<Record<string, boolean | string | number>>;
  /** What the admin port offers; `token` says whether one is configured. */
  readonly admin: { readonly page: boolean; readonly token: boolean; readonly mcp: boolean };
}

/** One of `Logger.Level`. */
export type LevelName = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

/**
 * `GET /loglevel`, and what `PUT /loglevel` with `{ "level": "debug", "forSeconds": 600 }` and `DELETE /loglevel`, which
 * takes it back at once, answer.
 */
export interface LogLevelAnswer {
  /** The level in force. */
  readonly level: LevelName;
  /** The configured level, to which it reverts. */
  readonly configured: LevelName;
  /** When it reverts, in milliseconds since the epoch; absent while the configured level is in force. */
  readonly revertsAt?: number;
}

/** A value of the configuration, or one that it hides; as text, secrets blanked. */
export interface ConfigOrigin {
  /** `Instance`, `Cluster`, `Service`, `Namespace`, `Environment` or `Overrides`. */
  readonly layer?: string;
  /** The file as shown to people, or `environment variable NAME`. */
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

/** One key of the configuration in force. */
export interface ConfigEntry extends ConfigOrigin {
  /** `GRPCServer.Port`. */
  readonly key: string;
  readonly value: string;
  readonly from: 'file' | 'environment' | 'default';
  /** The nearest first. */
  readonly hides: ReadonlyArray<ConfigOrigin & { readonly value: string }>;
  readonly reload?: 'live' | 'restart';
  readonly description?: string;
}

/** `GET /configz?key=`: all, or what is at and below a key. */
export interface ConfigAnswer {
  readonly hash: string;
  readonly layers: ReadonlyArray<{ readonly name: string; readonly file: string; readonly found: boolean }>;
  readonly values: readonly ConfigEntry[];
  readonly warnings: readonly string[];
  /** Why the current files cannot be used, if so. */
  readonly error?: string;
}

/** An outgoing channel. */
export interface ChannelEntry {
  /** The upstream's name. */
  readonly name: string;
  readonly target: string;
  readonly state: 'idle' | 'connecting' | 'ready' | 'failing' | 'closed';
  /** `address:port` where calls of the last five minutes were answered. */
  readonly addresses: readonly string[];
  readonly tls: boolean;
  readonly inFlight: number;
  /** The last attempt that failed to get a connection. */
  readonly lastError?: { readonly at: number; readonly code: string; readonly message: string };
}

/** `GET /channelz`. */
export interface ChannelsAnswer {
  readonly at: number;
  readonly channels: readonly ChannelEntry[];
}

/** `POST /debug/trace-next?method=&n=` and `GET /debug/trace-next`. */
export interface TraceNextAnswer {
  /** The recordings that are still pending. */
  readonly pending: ReadonlyArray<{
    /** `/package.Service/Method`, or `*` for all. */
    readonly method: string;
    readonly remaining: number;
    readonly expiresAt: number;
  }>;
  /** The recorded traces, latest first; at most 100. */
  readonly recorded: ReadonlyArray<{
    readonly at: number;
    readonly side: Side;
    readonly method: string;
    readonly requestId: string;
    readonly traceId: string;
  }>;
}

/** The body of every refusal and failure. */
export interface HttpErrorAnswer {
  /** `Forbidden`, `Not Found` and their like. */
  readonly error: string;
  /** What happened and what to do. */
  readonly message?: string;
}
