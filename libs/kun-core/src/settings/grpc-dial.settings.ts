import { z } from 'zod';
import { resolveRetry, retryKeys, type ResolvedRetry } from './retry.settings.js';
import { resolveRpcSettings, rpcKeys, type ResolvedRpcSettings } from './rpc.settings.js';
import { port, seconds, setting, toMs } from './setting.js';
import { clientTlsKeys, resolveClientTls, type ResolvedClientTls } from './tls.settings.js';

/** `GRPCDial.Timeout` when no layer sets it, in seconds: `MIN_CONNECT_TIMEOUT` of gRPC's connection backoff. */
export const DEFAULT_DIAL_TIMEOUT = 20;

/** `GRPCDial.CallTimeout` when no layer sets it, in seconds: what Envoy gives a route that says nothing. */
export const DEFAULT_CALL_TIMEOUT = 15;

/** The keys of `GRPCDial` that an upstream may set for itself as they are. */
export const dialKeys = {
  Timeout: setting(seconds('positive').default(DEFAULT_DIAL_TIMEOUT), {
    description: 'How long connecting to an upstream may take',
    unit: 'seconds',
    reload: 'restart',
  }),
  Block: setting(z.boolean().default(false), {
    description: 'Wait for the connection at start, within Timeout, and refuse to start without it',
    reload: 'restart',
  }),
  Insecure: setting(z.boolean().optional(), {
    description:
      'Plain text, as inside a mesh that encrypts by itself. When off: TLS. Default: on, unless there is a section TLS',
    reload: 'restart',
  }),
  CallTimeout: setting(seconds().default(DEFAULT_CALL_TIMEOUT), {
    description:
      'How long a unary call may take, attempts and waits included; 0: as long as its caller has. Streams have no such limit',
    unit: 'seconds',
    reload: 'live',
  }),
  Errors: setting(z.enum(['pass', 'map', 'mask']).default('map'), {
    description:
      "What the caller sees of an upstream's error that a handler lets through. pass: all of it; map: CANCELLED, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED and UNAVAILABLE by their code, others as INTERNAL; mask: INTERNAL",
    reload: 'restart',
  }),
  LoadBalancing: setting(z.enum(['round_robin', 'pick_first']).optional(), {
    description:
      'How calls are spread over the addresses of a target. Default: round_robin where a name is dialled, pick_first for a sidecar or a single address',
    reload: 'restart',
  }),
  KeepaliveTime: setting(seconds('positive').default(60), {
    description:
      'How long a connection with open calls may be silent before the peer is asked whether it is there',
    unit: 'seconds',
    reload: 'restart',
  }),
  KeepaliveTimeout: setting(seconds('positive').default(20), {
    description: 'How long it has to answer; after that the connection is cut',
    unit: 'seconds',
    reload: 'restart',
  }),
  ...rpcKeys,
};

/** The section `GRPCDial`: the calls this service makes, unless an upstream says otherwise. */
export const grpcDialSettings = z.strictObject({
  ...dialKeys,
  WithProxyPort: setting(port().optional(), {
    description: "Dial the sidecar at this port of the own host and keep the upstream's name as :authority",
    unit: 'port',
    reload: 'restart',
  }),
  Retry: z.strictObject(retryKeys).prefault({}),
  TLS: z.strictObject(clientTlsKeys).optional(),
});

/** The section `GRPCDial` as validated, in the file's own names and units. */
export type GrpcDialSettings = z.output<typeof grpcDialSettings>;

/** The section `GRPCDial` as clients use it: every default decided, units in the names. */
export interface ResolvedDialSettings extends ResolvedRpcSettings {
  readonly connectTimeoutMs: number;
  readonly waitAtStart: boolean;
  readonly plaintext: boolean;
  /** Files and name for TLS; `undefined` where it is {@link plaintext}. */
  readonly tls: ResolvedClientTls | undefined;
  readonly proxyPort: number | undefined;
  /** Of a unary call, or `undefined` for none. */
  readonly callTimeoutMs: number | undefined;
  readonly errorPolicy: 'pass' | 'map' | 'mask';
  /** `undefined` where the target decides. */
  readonly loadBalancing: 'round_robin' | 'pick_first' | undefined;
  readonly keepaliveTimeMs: number;
  readonly keepaliveTimeoutMs: number;
  readonly retry: ResolvedRetry;
}

/** Decides what the file leaves open. */
export function resolveDialSettings(
  section: GrpcDialSettings,
  facts: { readonly exporterConfigured: boolean },
): ResolvedDialSettings {
  const plaintext = section.Insecure ?? section.TLS === undefined;
  return {
    ...resolveRpcSettings(section, facts.exporterConfigured),
    connectTimeoutMs: toMs(section.Timeout),
    waitAtStart: section.Block,
    plaintext,
    tls: plaintext ? undefined : resolveClientTls(section.TLS ?? {}),
    proxyPort: section.WithProxyPort || undefined,
    callTimeoutMs: resolveCallTimeout(section.CallTimeout),
    errorPolicy: section.Errors,
    loadBalancing: section.LoadBalancing,
    keepaliveTimeMs: toMs(section.KeepaliveTime),
    keepaliveTimeoutMs: toMs(section.KeepaliveTimeout),
    retry: resolveRetry(section.Retry),
  };
}

/** Zero is no limit. */
export function resolveCallTimeout(seconds: number): number | undefined {
  return seconds === 0 ? undefined : toMs(seconds);
}
