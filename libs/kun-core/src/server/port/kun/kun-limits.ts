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

/** Options of grpc-js that the wire has a limit for. */
const LIMITS: Readonly<Record<string, keyof ConnectionLimits>> = {
  'grpc.max_concurrent_streams': 'maxConcurrentStreams',
  'grpc.max_receive_message_length': 'maxMessageBytes',
  'grpc.max_connection_age_ms': 'maxAgeMs',
  'grpc.max_connection_age_grace_ms': 'maxAgeGraceMs',
  'grpc.max_connection_idle_ms': 'maxIdleMs',
};
/** What all connections together have of resets, in what one has: the ratio of the wire's own defaults. */
const PROCESS_RESET_BURSTS = 3;
const PROCESS_RESET_RATES = 5;
/** And what one has while those are used up: a tenth. */
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
    ['grpc.server_call_metric_recording', 'remove it: what a handler records is sent'],
    ['grpc-node.max_session_memory', 'set GRPCServer.MaxUnfinishedRequestBytes and MaxUnsentResponseBytes'],
    ['grpc-node.tls_enable_trace', OF_GRPC_JS],
  ]),
};

/** What an engine's settings mean to the wire. */
export interface KunLimits {
  readonly limits: Partial<ConnectionLimits>;
  readonly processLimits: Partial<ProcessLimits>;
  /** Largest message of an answer. */
  readonly maxSendBytes: number;
  /** How messages of answers are compressed. */
  readonly compression: CompressionAlgorithm;
}

/**
 * The limits of connections and of the process: the configuration's, and over them the service's own channel options; -1 is
 * no limit, as in grpc-js.
 *
 * @throws {ChannelOptionError} naming each option that this engine does not read, or that has no such value.
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

/** A block is larger than its list only where it is badly encoded; what a list may have must fit into it. */
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

/** What is left out has its default; something undefined would stand in its way. */
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
    `KunModule.forRoot({ channelOptions }): ${COMPRESSION_OPTION} is none of grpc-js' compressionAlgorithms: 0 (identity), 1 (deflate), 2 (gzip)`,
  );
}

function unlimited(value: number): number {
  return value === -1 ? Infinity : value;
}
