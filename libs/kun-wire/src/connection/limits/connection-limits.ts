/** Limits of one connection. Sizes are in bytes, times in milliseconds; `Infinity` disables a limit. */
export interface ConnectionLimits {
  /** Concurrent streams (`SETTINGS_MAX_CONCURRENT_STREAMS`); further ones are refused, to be retried. Default 1000. */
  readonly maxConcurrentStreams: number;
  /**
   * Size of a header list (`SETTINGS_MAX_HEADER_LIST_SIZE`); a call with more ends with RESOURCE_EXHAUSTED. Default 16
   * KiB.
   */
  readonly maxHeaderListBytes: number;
  /** Fields in a header list; a call with more ends with RESOURCE_EXHAUSTED. Default 128. */
  readonly maxHeaderFields: number;
  /** Encoded size of a header block, beyond which the connection is closed. Default 64 KiB. */
  readonly maxHeaderBlockBytes: number;
  /** CONTINUATION frames of a header block, beyond which the connection is closed (CVE-2024-27316). Default 16. */
  readonly maxContinuations: number;
  /** Size of a frame (`SETTINGS_MAX_FRAME_SIZE`). Default 16 KiB, HTTP/2's own. */
  readonly maxFrameBytes: number;
  /**
   * Size of a message, compressed and decompressed; a call with a larger one ends with RESOURCE_EXHAUSTED. Default 4
   * MiB, as in all gRPC implementations.
   */
  readonly maxMessageBytes: number;

  /** How much a stream may send before it is read (`SETTINGS_INITIAL_WINDOW_SIZE`). Default 256 KiB. */
  readonly streamWindowBytes: number;
  /** Up to which size the window of a stream grows that is read as fast as it arrives. Default 4 MiB. */
  readonly maxStreamWindowBytes: number;
  /** How much all streams together may send ahead. Default 4 MiB. */
  readonly connectionWindowBytes: number;
  /** Unread bytes of all streams beyond which the whole connection is stalled, not just each stream. Default 16 MiB. */
  readonly maxUnreadBytes: number;

  /** Time until the client's preface and settings must have arrived. Default 10 s. */
  readonly prefaceTimeoutMs: number;
  /** Time for a header block, or any frame except DATA, from its first byte to its last. Default 10 s. */
  readonly headerTimeoutMs: number;
  /** Time for the peer to acknowledge the local settings. Default 20 s. */
  readonly settingsTimeoutMs: number;
  /** Silence after which a connection with open calls is pinged. Default 60 s. */
  readonly keepaliveTimeMs: number;
  /** Time for the peer to respond; anything it sends counts. Default 20 s, gRPC's own. */
  readonly keepaliveTimeoutMs: number;
  /** Time without calls after which GOAWAY is sent. Default `Infinity`, as in all gRPC implementations. */
  readonly maxIdleMs: number;
  /** Age at which GOAWAY is sent, with a jitter of ± 10 %. Default `Infinity`, as in all gRPC implementations. */
  readonly maxAgeMs: number;
  /**
   * Time for open calls after that, before they end with UNAVAILABLE. Default `Infinity`, as in all gRPC
   * implementations.
   */
  readonly maxAgeGraceMs: number;
  /** Time for the acknowledgement of the PING between the two GOAWAYs. Default 5 s. */
  readonly drainPingTimeoutMs: number;
  /** Time to send the last bytes when the connection is closed, and for the peer to hang up. Default 1 s. */
  readonly closeTimeoutMs: number;

  /**
   * Unsent bytes of acknowledgements, resets and window updates, beyond which the connection is closed (CVE-2019-9512,
   * -9515). Default 64 KiB.
   */
  readonly maxControlBytes: number;
  /**
   * Burst of frames without payload (PING, SETTINGS, PRIORITY, empty DATA, updates and resets of closed streams,
   * unknown frames). Default 10 000.
   */
  readonly overheadBurst: number;
  /** Rate of these per second after that, in addition to ten for each call and each DATA frame sent. Default 500. */
  readonly overheadPerSecond: number;
  /**
   * Burst of calls reset by the caller before their deadline, provoked stream errors and refused streams
   * (CVE-2023-44487, CVE-2025-8671). Default 2000.
   */
  readonly resetBurst: number;
  /** Rate of these per second after that, in addition to one for each call answered with OK. Default 200. */
  readonly resetsPerSecond: number;
  /** How much of its burst a connection may use while that of the process is used up. Default 200. */
  readonly resetShare: number;
}

const KIB = 1024;
const MIB = 1024 * KIB;

/** The defaults; {@link ConnectionLimits} explains each. */
export const DEFAULT_CONNECTION_LIMITS: ConnectionLimits = {
  maxConcurrentStreams: 1000,
  maxHeaderListBytes: 16 * KIB,
  maxHeaderFields: 128,
  maxHeaderBlockBytes: 64 * KIB,
  maxContinuations: 16,
  maxFrameBytes: 16 * KIB,
  maxMessageBytes: 4 * MIB,
  streamWindowBytes: 256 * KIB,
  maxStreamWindowBytes: 4 * MIB,
  connectionWindowBytes: 4 * MIB,
  maxUnreadBytes: 16 * MIB,
  prefaceTimeoutMs: 10_000,
  headerTimeoutMs: 10_000,
  settingsTimeoutMs: 20_000,
  keepaliveTimeMs: 60_000,
  keepaliveTimeoutMs: 20_000,
  maxIdleMs: Infinity,
  maxAgeMs: Infinity,
  maxAgeGraceMs: Infinity,
  drainPingTimeoutMs: 5000,
  closeTimeoutMs: 1000,
  maxControlBytes: 64 * KIB,
  overheadBurst: 10_000,
  overheadPerSecond: 500,
  resetBurst: 2000,
  resetsPerSecond: 200,
  resetShare: 200,
};

const RESOLVED = new WeakMap<Partial<ConnectionLimits>, ConnectionLimits>();

/** Fills in the defaults; the result is cached per object. */
export function resolveLimits(
  limits: Partial<ConnectionLimits> = DEFAULT_CONNECTION_LIMITS,
): ConnectionLimits {
  let resolved = RESOLVED.get(limits);
  if (resolved === undefined) {
    resolved = { ...DEFAULT_CONNECTION_LIMITS, ...limits };
    RESOLVED.set(limits, resolved);
  }
  return resolved;
}
