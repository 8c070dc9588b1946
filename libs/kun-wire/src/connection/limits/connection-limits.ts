/** Limits of one connection. Sizes are in bytes, times in milliseconds; `Infinity` disables a limit. */
export interface ConnectionLimits {
  /** Streams open at once (`SETTINGS_MAX_CONCURRENT_STREAMS`); further ones are refused, to be tried again. Default 1000. */
  readonly maxConcurrentStreams: number;
  /** A list of headers (`SETTINGS_MAX_HEADER_LIST_SIZE`); a call with more is RESOURCE_EXHAUSTED. Default 16 KiB. */
  readonly maxHeaderListBytes: number;
  /** Fields in a list of headers, beyond which the call is RESOURCE_EXHAUSTED. Default 128. */
  readonly maxHeaderFields: number;
  /** A header block as it travels, beyond which the connection ends. Default 64 KiB. */
  readonly maxHeaderBlockBytes: number;
  /** CONTINUATION frames of a header block, beyond which the connection ends (CVE-2024-27316). Default 16. */
  readonly maxContinuations: number;
  /** A frame (`SETTINGS_MAX_FRAME_SIZE`). Default 16 KiB, HTTP/2's own. */
  readonly maxFrameBytes: number;
  /** A message, as it travels and once inflated; a call with a larger one is RESOURCE_EXHAUSTED. Default 4 MiB, as in all of gRPC. */
  readonly maxMessageBytes: number;

  /** What a stream may send before anybody reads it (`SETTINGS_INITIAL_WINDOW_SIZE`). Default 256 KiB. */
  readonly streamWindowBytes: number;
  /** What the window of a stream grows to that is read as fast as it comes. Default 4 MiB. */
  readonly maxStreamWindowBytes: number;
  /** What all streams together may send ahead. Default 4 MiB. */
  readonly connectionWindowBytes: number;
  /** Unread bytes of all streams beyond which the whole connection is stalled, not each stream alone. Default 16 MiB. */
  readonly maxUnreadBytes: number;

  /** Time until the client's preface and settings are there. Default 10 s. */
  readonly prefaceTimeoutMs: number;
  /** Time for a header block, or another frame but DATA, from its first byte to its last. Default 10 s. */
  readonly headerTimeoutMs: number;
  /** Time for the peer to acknowledge our settings. Default 20 s. */
  readonly settingsTimeoutMs: number;
  /** Silence after which a connection with open calls is asked whether it is alive. Default 60 s. */
  readonly keepaliveTimeMs: number;
  /** Time for the answer; anything that comes is one. Default 20 s, gRPC's own. */
  readonly keepaliveTimeoutMs: number;
  /** Time without calls after which the peer is asked to leave. Default `Infinity`, as in all of gRPC. */
  readonly maxIdleMs: number;
  /** Age at which the peer is asked to leave, spread by 10 % either way. Default `Infinity`, as in all of gRPC. */
  readonly maxAgeMs: number;
  /** Time for its calls after that; then they end UNAVAILABLE. Default `Infinity`, as in all of gRPC. */
  readonly maxAgeGraceMs: number;
  /** Time for the answer to the PING between the two GOAWAYs. Default 5 s. */
  readonly drainPingTimeoutMs: number;
  /** Time for the last bytes of a connection that ends, and for the peer to hang up. Default 1 s. */
  readonly closeTimeoutMs: number;

  /** Unsent bytes of acknowledgements, resets and window updates, beyond which the connection ends (CVE-2019-9512, -9515). Default 64 KiB. */
  readonly maxControlBytes: number;
  /** Frames that carry nothing (PING, SETTINGS, PRIORITY, empty DATA, updates and resets of what is closed, unknown ones): so many at once. Default 10 000. */
  readonly overheadBurst: number;
  /** And so many a second after that, beside ten for each call and each frame of DATA sent. Default 500. */
  readonly overheadPerSecond: number;
  /** Calls reset by the caller before their deadline, provoked stream errors and refused streams: so many at once (CVE-2023-44487, CVE-2025-8671). Default 2000. */
  readonly resetBurst: number;
  /** And so many a second after that, beside one for each call that was answered with OK. Default 200. */
  readonly resetsPerSecond: number;
  /** What a connection may have used of its burst while the process's is used up. Default 200. */
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

/** The limits with their defaults, once for each object. */
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
