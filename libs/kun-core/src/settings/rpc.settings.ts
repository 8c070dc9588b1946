import { z } from 'zod';
import { setting, size } from './setting.js';

/**
 * What gRPC itself takes when nobody says otherwise (4 MiB, `DEFAULT_MAX_RECEIVE_MESSAGE_LENGTH` of every gRPC
 * implementation).
 */
export const DEFAULT_MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

/** The frame format of gRPC has 32 bits for a message's length, so a larger limit means this one. */
export const PROTOCOL_MAX_MESSAGE_BYTES = 2 ** 32 - 1;

/** The keys that `GRPCServer` and `GRPCDial` share, with the same meaning for calls taken and calls made. */
export const rpcKeys = {
  MaxMsgSize: setting(size('bytes').default(DEFAULT_MAX_MESSAGE_BYTES), {
    description: 'Largest message in either direction; a larger one ends its call with RESOURCE_EXHAUSTED',
    unit: 'bytes',
    reload: 'restart',
  }),
  StrictMessages: setting(z.boolean().default(true), {
    description:
      'Refuse to send a message with something that has no place in its proto or no meaning for its field: INTERNAL, with the path of the field in the log. When off, it is left out or converted',
    reload: 'restart',
  }),
  Prometheus: setting(z.boolean().default(true), {
    description: 'Count and time every call for /metrics',
    reload: 'restart',
  }),
  OpenTracing: setting(z.boolean().optional(), {
    description: 'A span for every call. Default: on when an exporter is configured (Zipkin.Hosts)',
    reload: 'restart',
  }),
  DisableKeepalive: setting(z.boolean().default(false), {
    description: 'Turn off the pings that find a dead connection',
    reload: 'restart',
  }),
  LoggingZap: setting(z.boolean().default(true), {
    description: 'Carry x-request-id along every call and write a line when the call has ended',
    reload: 'restart',
  }),
  LoggingAllRpc: setting(z.boolean().default(false), {
    description: 'Also log the content of requests and responses',
    reload: 'live',
  }),
  LoggingRpcMaxSize: setting(size('characters').default(1024), {
    description: 'How much of each message LoggingAllRpc keeps',
    unit: 'characters',
    reload: 'live',
  }),
};

/** The shared keys as the code uses them. */
export interface ResolvedRpcSettings {
  /** Largest message in bytes, at most {@link PROTOCOL_MAX_MESSAGE_BYTES}. */
  readonly maxMessageBytes: number;
  /** What does not fit its proto is not sent. */
  readonly strictMessages: boolean;
  readonly metricsEnabled: boolean;
  readonly tracingEnabled: boolean;
  readonly keepaliveEnabled: boolean;
  /** Request ids and the line per finished call. */
  readonly loggingEnabled: boolean;
  /** Characters of each message to log, or `undefined` when content is not logged. */
  readonly contentMaxLength: number | undefined;
}

/** The parsed form of {@link rpcKeys}. */
export type RpcSettings = z.output<z.ZodObject<typeof rpcKeys>>;

/** Resolves the shared keys; `exporterConfigured` decides `OpenTracing` where the file does not. */
export function resolveRpcSettings(section: RpcSettings, exporterConfigured: boolean): ResolvedRpcSettings {
  return {
    maxMessageBytes: Math.min(section.MaxMsgSize, PROTOCOL_MAX_MESSAGE_BYTES),
    strictMessages: section.StrictMessages,
    metricsEnabled: section.Prometheus,
    tracingEnabled: section.OpenTracing ?? exporterConfigured,
    keepaliveEnabled: !section.DisableKeepalive,
    loggingEnabled: section.LoggingZap,
    contentMaxLength: section.LoggingAllRpc ? section.LoggingRpcMaxSize : undefined,
  };
}
