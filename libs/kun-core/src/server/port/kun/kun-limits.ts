import { DEFAULT_CONNECTION_LIMITS, type ConnectionLimits, type ProcessLimits } from '@kun/wire';
import {
  ChannelOptionError,
  COMPRESSION_OPTION,
  KEYS_OF_SERVER_OPTIONS,
  refuseUnreadOptions,
  type GrpcChannelOptions,
  type OptionReader,
} from '../../../transport/channel-options.js';
import { COMPRESSION_ALGORITHMS, type CompressionAlgorithm } from '../../../transport/compression.js';
import { CONNECTION_SETUP_TIMEOUT_MS, type EngineSettings } from '../../call/wire-engine.js';

/** grpc-js options that correspond to a limit of the wire. */
const LIMITS: Readonly<Record<string, keyof ConnectionLimits>> = {
  'grpc.max_concurrent_streams': 'maxConcurrentStreams',
  'grpc.max_receive_message_length': 'maxMessageBytes',
  'grpc.max_connection_age_ms': 'maxAgeMs',
  'grpc.max_connection_age_grace_ms': 'maxAgeGraceMs',
  'grpc.max_connection_idle_ms': 'maxIdleMs',
};
/** The process-wide reset burst, as a multiple of a connection's: the ratio of the wire's own defaults. */
const PROCESS_RESET_BURSTS = 3;
const PROCESS_RESET_RATES = 5;
/** The fraction of its burst that a connection keeps once the process-wide burst is used up: a tenth. */
const RESET_SHARE_PART = 10;
const MAX_SEND_BYTES = 'grpc.max_send_message_length';

const OF_GRPC_JS = 'set GRPCServer.Engine to grpc-js';
const READER: OptionReader = {
  where: 'KunModule.forRoot({ channelOptions })',
  reader: 'the server of the engine kun',
  read: new Set([...Object.keys(LIMITS), MAX_SEND_BYTES, COMPRESSION_OPTION]),
  instead: new Map([
    ...KEYS_OF_SERVER_OPTIONS,
    ['grpc.enable_channelz', OF_GRPC_JS],
    ['grpc.server_call_metric_recording', 'remove it: metrics that a handler records are always sent'],
    ['grpc-node.max_session_memory', 'set GRPCServer.MaxUnfinishedRequestBytes and MaxUnsentResponseBytes'],
    ['grpc-node.tls_enable_trace', OF_GRPC_JS],
  ]),
};

/** An engine's settings in terms of the wire. */
export interface KunLimits {
  readonly limits: Partial<ConnectionLimits>;
  readonly processLimits: Partial<ProcessLimits>;
  /** The largest response message. */
  readonly maxSendBytes: number;
  /** How response messages are compressed. */
  readonly compression: CompressionAlgorithm;
}

/**
 * The limits of connections and of the process: the configuration's, overridden by the service's own channel options;
 * -1 means no limit, as in grpc-js.
 *
 * @throws {ChannelOptionError} naming each option that this engine does not read, or whose value is invalid.
 */
export function kunLimits(settings: EngineSettings, channelOptions: GrpcChannelOptions = {}): KunLimits {
  refuseUnreadOptions(channelOptions, READER);
  const own = Object.entries(LIMITS).flatMap(([option, limit]) => {
    const value = channelOptions[option];
    return value === undefined ? [] : [[limit, unlimited(Number(value))]];
  });
  const sent = channelOptions[MAX_SEND_BYTES];
  return {
    limits: { ...connectionLimits(settings), ...(Object.fromEntries(own) as Partial<ConnectionLimits>) },
    processLimits: processLimits(settings),
    maxSendBytes: sent === undefined ? settings.maxMessageBytes : unlimited(Number(sent)),
    compression: compressionOf(channelOptions) ?? settings.compression ?? 'identity',
  };
}

function connectionLimits(settings: EngineSettings): Partial<ConnectionLimits> {
  const setupTimeoutMs = settings.connectionTimeoutMs ?? CONNECTION_SETUP_TIMEOUT_MS;
  return said<ConnectionLimits>({
    maxMessageBytes: settings.maxMessageBytes,
    maxConcurrentStreams: settings.maxConcurrentStreams,
    maxAgeMs: settings.maxConnectionAgeMs,
    maxAgeGraceMs: settings.maxConnectionAgeGraceMs,
    maxIdleMs: settings.maxConnectionIdleMs,
    keepaliveTimeMs: settings.keepaliveEnabled ? settings.keepaliveTimeMs : Infinity,
    keepaliveTimeoutMs: settings.keepaliveTimeoutMs,
    prefaceTimeoutMs: setupTimeoutMs,
    settingsTimeoutMs: setupTimeoutMs,
    headerTimeoutMs: settings.headerTimeoutMs,
    overheadBurst: settings.overheadBurst,
    overheadPerSecond: settings.overheadPerSecond,
    resetBurst: settings.resetBurst,
    resetsPerSecond: settings.resetsPerSecond,
    resetShare: settings.resetBurst && Math.max(1, settings.resetBurst / RESET_SHARE_PART),
    maxHeaderFields: settings.maxHeaderFields,
    ...headerLimits(settings.maxHeaderListBytes),
  });
}

/** An encoded header block exceeds its list's size only if it is badly encoded; an allowed list must fit. */
function headerLimits(maxHeaderListBytes: number | undefined): Partial<ConnectionLimits> {
  if (maxHeaderListBytes === undefined) return {};
  const { maxHeaderBlockBytes, maxContinuations, maxFrameBytes } = DEFAULT_CONNECTION_LIMITS;
  return {
    maxHeaderListBytes,
    maxHeaderBlockBytes: Math.max(maxHeaderBlockBytes, maxHeaderListBytes),
    maxContinuations: Math.max(maxContinuations, Math.ceil(maxHeaderListBytes / maxFrameBytes) * 2),
  };
}

function processLimits({ resetBurst, resetsPerSecond, ...settings }: EngineSettings): Partial<ProcessLimits> {
  return said<ProcessLimits>({
    maxUnfinishedBytes: settings.maxUnfinishedBytes,
    maxUnsentBytes: settings.maxUnsentBytes,
    maxInflations: settings.maxInflations,
    resetBurst: resetBurst && resetBurst * PROCESS_RESET_BURSTS,
    resetsPerSecond: resetsPerSecond && resetsPerSecond * PROCESS_RESET_RATES,
  });
}

/** Drops undefined values, which would override the defaults. */
function said<L>(limits: { readonly [K in keyof L]?: L[K] | undefined }): Partial<L> {
  const entries = Object.entries(limits).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Partial<L>;
}

function compressionOf(channelOptions: GrpcChannelOptions): CompressionAlgorithm | undefined {
  const value = channelOptions[COMPRESSION_OPTION];
  if (value === undefined) return undefined;
  const algorithm = COMPRESSION_ALGORITHMS[Number(value)];
  if (algorithm !== undefined) return algorithm;
  throw new ChannelOptionError(
    `KunModule.forRoot({ channelOptions }): ${COMPRESSION_OPTION} is not one of grpc-js' compressionAlgorithms: 0 (identity), 1 (deflate), 2 (gzip)`,
  );
}

function unlimited(value: number): number {
  return value === -1 ? Infinity : value;
}
