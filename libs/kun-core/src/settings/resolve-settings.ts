import { resolveDialSettings, type ResolvedDialSettings } from './grpc-dial.settings.js';
import { resolveServerSettings, type ResolvedServerSettings } from './grpc-server.settings.js';
import type { LoggerSettings } from './logger.settings.js';
import { toMs } from './setting.js';
import { KUBERNETES_GRACE_PERIOD, type Settings } from './settings.js';
import { resolveTracingSettings, type ResolvedTracingSettings } from './tracing.settings.js';
import { resolveUpstream, type ResolvedUpstream } from './upstreams.settings.js';
import { zipkinEndpoints } from './zipkin.settings.js';

/** Ports that win over the configuration, for tests above all: 0 is any free port. */
export interface PortOverrides {
  readonly grpc?: number;
  readonly http?: number;
  readonly admin?: number;
}

/** What {@link resolveSettings} must know besides the settings. */
export interface ResolveSettingsFacts {
  /** Whether the process runs in a pod (`identity.inKubernetes`); decides `PreStopDelay` and the grace period. */
  readonly inKubernetes: boolean;
  /** Default: the configuration's ports. */
  readonly ports?: PortOverrides | undefined;
  /** Whether somebody takes spans besides the exporters of the configuration. Default false. */
  readonly spansTaken?: boolean | undefined;
}

/** A port to open. */
export interface OpenPort {
  readonly port: number;
  /** `undefined` for all interfaces. */
  readonly address: string | undefined;
}

/** kun's settings as the code uses them: every default decided, units in the names, off as `undefined`. */
export interface ResolvedSettings {
  readonly grpc: ResolvedServerSettings;
  /** For upstreams that say nothing else; for one by its name: {@link resolveUpstreamSettings}. */
  readonly dial: ResolvedDialSettings;
  /** Names of metadata that travel on from incoming calls. */
  readonly routing: { readonly allow: readonly string[] };
  /** The service's own HTTP port, or `undefined` when none is opened. */
  readonly http: OpenPort | undefined;
  /** The admin port, or `undefined` when none is opened. */
  readonly admin: OpenPort | undefined;
  /** URLs to post Zipkin spans to; empty: no exporter. */
  readonly zipkinEndpoints: readonly string[];
  readonly tracing: ResolvedTracingSettings;
  readonly metrics: { readonly buckets: readonly number[] | undefined; readonly codeNames: 'go' | 'grpc' };
  readonly logger: LoggerSettings;
  /** The lines that calls write. */
  readonly logging: {
    readonly codeNames: 'go' | 'grpc';
    readonly redact: readonly string[];
    readonly sampling: { readonly initialPerSecond: number; readonly thereafter: number } | undefined;
  };
  /** Whether a rejection that nobody handled ends the process. */
  readonly exitOnUnhandledRejection: boolean;
  /** Time between SIGTERM and SIGKILL in milliseconds, or `undefined` where nobody told. */
  readonly gracePeriodMs: number | undefined;
}

/** Decides everything the configuration leaves open. */
export function resolveSettings(settings: Settings, facts: ResolveSettingsFacts): ResolvedSettings {
  const endpoints = zipkinEndpoints(settings.Zipkin);
  const exporterConfigured = spansAreTaken(settings, facts);
  const graceSeconds =
    settings.TerminationGracePeriod ?? (facts.inKubernetes ? KUBERNETES_GRACE_PERIOD : undefined);
  return {
    grpc: resolveServerSettings(settings.GRPCServer, {
      inKubernetes: facts.inKubernetes,
      exporterConfigured,
      ...(facts.ports?.grpc === undefined ? {} : { portOverride: facts.ports.grpc }),
    }),
    dial: resolveDialSettings(settings.GRPCDial, { exporterConfigured }),
    routing: { allow: settings.Routing.Allow },
    http: openPort(facts.ports?.http, settings.HTTPServer.Port, settings.HTTPServer.Address),
    admin: openPort(facts.ports?.admin, settings.AdminPort, settings.Admin.Address),
    zipkinEndpoints: endpoints,
    tracing: resolveTracingSettings(settings.Tracing),
    metrics: { buckets: settings.Metrics.Buckets, codeNames: settings.Metrics.CodeNames },
    logger: settings.Logger,
    logging: {
      codeNames: settings.Metrics.CodeNames,
      redact: settings.Logger.Redact,
      sampling: settings.Logger.Sampling && {
        initialPerSecond: settings.Logger.Sampling.InitialPerSecond,
        thereafter: settings.Logger.Sampling.Thereafter,
      },
    },
    exitOnUnhandledRejection: settings.ExitOnUnhandledRejection,
    gracePeriodMs: graceSeconds === undefined ? undefined : toMs(graceSeconds),
  };
}

/** Everything for the calls to one upstream: what `Upstreams.<name>` says, then `GRPCDial`, then the defaults. */
export function resolveUpstreamSettings(
  settings: Settings,
  name: string,
  facts: Pick<ResolveSettingsFacts, 'spansTaken'> = {},
): ResolvedUpstream {
  return resolveUpstream(settings, name, { exporterConfigured: spansAreTaken(settings, facts) });
}

function spansAreTaken(settings: Settings, facts: Pick<ResolveSettingsFacts, 'spansTaken'>): boolean {
  return facts.spansTaken === true || settings.Zipkin.Hosts.length > 0 || settings.Tracing.Otlp !== undefined;
}

/** An override is always a port to open, 0 included; in the file 0 means off. */
function openPort(
  override: number | undefined,
  configured: number,
  address: string | undefined,
): OpenPort | undefined {
  if (override !== undefined) return { port: override, address };
  return configured === 0 ? undefined : { port: configured, address };
}
