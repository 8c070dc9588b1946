import { z } from 'zod';
import { resolveRpcSettings, rpcKeys, type ResolvedRpcSettings } from './rpc.settings.js';
import { address, port, seconds, setting, toMs } from './setting.js';
import { resolveServerTls, serverTlsSettings, type ResolvedServerTls } from './tls.settings.js';

/** `GRPCServer.Port` when no layer sets it: the port of gRPC's own examples. */
export const DEFAULT_GRPC_PORT = 50051;

/** `GRPCServer.PreStopDelay` in Kubernetes, in seconds; outside it is 0. */
export const PRE_STOP_DELAY_IN_KUBERNETES = 5;

/** `GRPCServer.MaxConnectionAge` when no layer sets it, in seconds. */
export const DEFAULT_MAX_CONNECTION_AGE = 1800;

/** `GRPCServer.ConnectionTimeout` when no layer sets it, in seconds: as long as kun's clients wait. */
export const DEFAULT_CONNECTION_TIMEOUT = 20;

/** The section `GRPCServer`: the calls this service takes. */
export const grpcServerSettings = z.strictObject({
  Port: setting(port().default(DEFAULT_GRPC_PORT), {
    description: 'Port of the gRPC server',
    unit: 'port',
    reload: 'restart',
  }),
  Address: setting(address().optional(), {
    description: 'Address the gRPC server listens on. Default: all interfaces, IPv6 and IPv4',
    reload: 'restart',
  }),
  Recovery: setting(z.boolean().default(true), {
    description:
      'Answer INTERNAL when a handler throws and go on. When off, the caller gets INTERNAL and the process drains and exits 1',
    reload: 'restart',
  }),
  CtxTags: setting(z.boolean().default(true), {
    description: 'Tags of a call, set by handlers and shown in its log line and span',
    reload: 'restart',
  }),
  Reflection: setting(z.boolean().default(false), {
    description:
      'Serve grpc.reflection.v1, so that tools can list services and call them without the proto files',
    reload: 'restart',
  }),
  PreStopDelay: setting(seconds().optional(), {
    description:
      'How long new calls still succeed after readiness went dead, while the endpoint is taken out of balancing. Default: 5 in Kubernetes, 0 outside',
    unit: 'seconds',
    reload: 'restart',
  }),
  GrpcGracefulStopTimeout: setting(seconds().default(20), {
    description:
      'How long calls in flight may take to end, counted from the GOAWAY; what is left is then forced',
    unit: 'seconds',
    reload: 'restart',
  }),
  StreamGracePeriod: setting(seconds().default(5), {
    description:
      'How long streams may take to leave after the GOAWAY; those that are left are then ended with UNAVAILABLE',
    unit: 'seconds',
    reload: 'restart',
  }),
  MaxConnectionAge: setting(seconds().default(DEFAULT_MAX_CONNECTION_AGE), {
    description:
      'How old a connection may grow before its client is asked to make another, give or take a tenth, so that callers find new instances; calls on it go on. A client without transparent retry may lose a call by it. 0: any age',
    unit: 'seconds',
    reload: 'restart',
  }),
  ConnectionTimeout: setting(seconds('positive').default(DEFAULT_CONNECTION_TIMEOUT), {
    description:
      'How long a new connection may take until calls can be made over it, the TLS handshake and the beginning of HTTP/2 together; it is then closed',
    unit: 'seconds',
    reload: 'restart',
  }),
  TLS: serverTlsSettings.optional(),
  ...rpcKeys,
});

/** The section `GRPCServer` as validated, in the file's own names and units. */
export type GrpcServerSettings = z.output<typeof grpcServerSettings>;

/** The section `GRPCServer` as the server uses it: every default decided, units in the names. */
export interface ResolvedServerSettings extends ResolvedRpcSettings {
  /** Port to listen on; 0 only where the caller asked for any free one. */
  readonly port: number;
  /** Address to listen on, or `undefined` for all interfaces. */
  readonly address: string | undefined;
  readonly recoveryEnabled: boolean;
  readonly tagsEnabled: boolean;
  readonly reflectionEnabled: boolean;
  readonly preStopDelayMs: number;
  readonly streamGraceMs: number;
  readonly drainTimeoutMs: number;
  /** `undefined` where connections may grow old. */
  readonly maxConnectionAgeMs: number | undefined;
  readonly connectionTimeoutMs: number;
  /** `undefined` for plain text. */
  readonly tls: ResolvedServerTls | undefined;
}

/** Decides what the file leaves open. `portOverride` wins over `Port`, and may be 0 for any free port. */
export function resolveServerSettings(
  section: GrpcServerSettings,
  facts: {
    readonly inKubernetes: boolean;
    readonly exporterConfigured: boolean;
    readonly portOverride?: number;
  },
): ResolvedServerSettings {
  return {
    ...resolveRpcSettings(section, facts.exporterConfigured),
    port: facts.portOverride ?? section.Port,
    address: section.Address,
    recoveryEnabled: section.Recovery,
    tagsEnabled: section.CtxTags,
    reflectionEnabled: section.Reflection,
    preStopDelayMs: toMs(section.PreStopDelay ?? (facts.inKubernetes ? PRE_STOP_DELAY_IN_KUBERNETES : 0)),
    streamGraceMs: toMs(section.StreamGracePeriod),
    drainTimeoutMs: toMs(section.GrpcGracefulStopTimeout),
    maxConnectionAgeMs: section.MaxConnectionAge === 0 ? undefined : toMs(section.MaxConnectionAge),
    connectionTimeoutMs: toMs(section.ConnectionTimeout),
    tls: section.TLS && resolveServerTls(section.TLS),
  };
}
