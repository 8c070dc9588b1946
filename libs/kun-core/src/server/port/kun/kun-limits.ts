import type { ConnectionLimits } from '@kun/wire';
import { ChannelOptionError, type GrpcChannelOptions } from '../../../transport/channel-options.js';
import { CONNECTION_SETUP_TIMEOUT_MS, type WireEngineOptions } from '../../call/wire-engine.js';

/** Options of grpc-js that the wire has a limit for. */
const LIMITS: Readonly<Record<string, keyof ConnectionLimits>> = {
  'grpc.max_concurrent_streams': 'maxConcurrentStreams',
  'grpc.max_receive_message_length': 'maxMessageBytes',
  'grpc.max_connection_age_ms': 'maxAgeMs',
  'grpc.max_connection_age_grace_ms': 'maxAgeGraceMs',
  'grpc.max_connection_idle_ms': 'maxIdleMs',
};
const MAX_SEND_BYTES = 'grpc.max_send_message_length';

/** What an engine's settings mean to the wire. */
export interface KunLimits {
  readonly limits: Partial<ConnectionLimits>;
  /** Largest message of an answer. */
  readonly maxSendBytes: number;
}

/**
 * The limits of connections: the configuration's, and over them the service's own channel options; -1 is no limit, as in
 * grpc-js.
 *
 * @throws {ChannelOptionError} naming each option that this engine does not read.
 */
export function kunLimits(
  settings: WireEngineOptions['settings'],
  channelOptions: GrpcChannelOptions = {},
): KunLimits {
  const known = [...Object.keys(LIMITS), MAX_SEND_BYTES];
  const unread = Object.keys(channelOptions).filter((name) => !known.includes(name));
  if (unread.length > 0) {
    throw new ChannelOptionError(
      `KunModule.forRoot({ channelOptions }): the engine kun does not read ${unread.join(', ')}; remove, choose from ${known.join(', ')}, or set GRPCServer.Engine to grpc-js`,
    );
  }
  const own = Object.entries(LIMITS).flatMap(([option, limit]) => {
    const value = channelOptions[option];
    return value === undefined ? [] : [[limit, unlimited(Number(value))]];
  });
  const { maxMessageBytes, keepaliveEnabled, maxConnectionAgeMs = Infinity } = settings;
  const sent = channelOptions[MAX_SEND_BYTES];
  return {
    limits: {
      maxMessageBytes,
      maxAgeMs: maxConnectionAgeMs,
      prefaceTimeoutMs: settings.connectionTimeoutMs ?? CONNECTION_SETUP_TIMEOUT_MS,
      ...(keepaliveEnabled ? {} : { keepaliveTimeMs: Infinity }),
      ...(Object.fromEntries(own) as Partial<ConnectionLimits>),
    },
    maxSendBytes: sent === undefined ? maxMessageBytes : unlimited(Number(sent)),
  };
}

function unlimited(value: number): number {
  return value === -1 ? Infinity : value;
}
