import { z } from 'zod';
import { resolveRpcSettings, rpcKeys, type ResolvedRpcSettings } from './rpc.settings.js';
import { port, seconds, setting, toMs } from './setting.js';

/** `GRPCDial.Timeout` when no layer sets it, in seconds: `MIN_CONNECT_TIMEOUT` of gRPC's connection backoff. */
export const DEFAULT_DIAL_TIMEOUT = 20;

/** The section `GRPCDial`: the calls this service makes, unless an upstream says otherwise. */
export const grpcDialSettings = z.strictObject({
  Timeout: setting(seconds('positive').default(DEFAULT_DIAL_TIMEOUT), {
    description: 'How long connecting to an upstream may take',
    unit: 'seconds',
    reload: 'restart',
  }),
  Block: setting(z.boolean().default(false), {
    description: 'Wait for the connection at start, within Timeout, and refuse to start without it',
    reload: 'restart',
  }),
  Insecure: setting(z.boolean().default(true), {
    description: 'Plain text, as inside a mesh that encrypts by itself. When off: TLS',
    reload: 'restart',
  }),
  WithProxyPort: setting(port().optional(), {
    description: "Dial the sidecar at this port of the own host and keep the upstream's name as :authority",
    unit: 'port',
    reload: 'restart',
  }),
  ...rpcKeys,
});

/** The section `GRPCDial` as validated, in the file's own names and units. */
export type GrpcDialSettings = z.output<typeof grpcDialSettings>;

/** The section `GRPCDial` as clients use it: every default decided, units in the names. */
export interface ResolvedDialSettings extends ResolvedRpcSettings {
  readonly connectTimeoutMs: number;
  readonly waitAtStart: boolean;
  readonly plaintext: boolean;
  readonly proxyPort: number | undefined;
}

/** Decides what the file leaves open. */
export function resolveDialSettings(
  section: GrpcDialSettings,
  facts: { readonly exporterConfigured: boolean },
): ResolvedDialSettings {
  return {
    ...resolveRpcSettings(section, facts.exporterConfigured),
    connectTimeoutMs: toMs(section.Timeout),
    waitAtStart: section.Block,
    plaintext: section.Insecure,
    proxyPort: section.WithProxyPort,
  };
}
