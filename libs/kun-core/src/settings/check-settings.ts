import type { ConfigFinding } from '@kun/config';
import { checkUpstreams } from './check-upstreams.js';
import { wireLimitKeys } from './keys/limits/wire-limits.js';
import { resolveSettings, type ResolveSettingsFacts } from './resolve-settings.js';
import type { Settings } from './settings.js';

/** What {@link checkSettings} must know besides the settings. */
export interface CheckSettingsFacts extends ResolveSettingsFacts {
  /** The names of the application's clients. Default: not known, and nothing is said of them. */
  readonly upstreams?: readonly string[] | undefined;
}

/**
 * What is valid but most likely not meant: keys without effect, limits that the engine does not have, and upstreams that
 * nobody calls. A check for `loadConfig`, which knows the place of each key.
 */
export function checkSettings(settings: Settings, facts: CheckSettingsFacts): ConfigFinding[] {
  const resolved = resolveSettings(settings, facts);
  const findings: ConfigFinding[] = checkUpstreams(settings, facts.upstreams);
  const warn = (path: string, message: string): void =>
    void findings.push({ path, message, severity: 'warning' });

  for (const name of unreadByGrpcJs(settings)) {
    const message =
      'cannot be had on the engine grpc-js, which has no such limit; set GRPCServer.Engine to kun, or remove the key';
    findings.push({ path: `GRPCServer.${name}`, message, severity: 'error' });
  }
  if (settings.GRPCServer.Engine === 'grpc-js' && resolved.grpc.compression !== 'identity') {
    const message =
      'cannot be had on the engine grpc-js, whose servers compress no answers; set GRPCServer.Engine to kun, or remove the key';
    findings.push({ path: 'GRPCServer.DefaultCompressionAlgorithm', message, severity: 'error' });
  }
  if (resolved.zipkin.endpoints.length === 0 && !resolved.tracing.otlp) {
    for (const section of ['GRPCServer', 'GRPCDial'] as const) {
      if (!settings[section].OpenTracing) continue;
      warn(
        `${section}.OpenTracing`,
        'has no effect: no exporter is configured; set Zipkin.Hosts or Tracing.Otlp.Endpoint',
      );
    }
  }
  return findings;
}

/** The limits that are written down for a server whose engine has none of them. */
function unreadByGrpcJs({ GRPCServer: server }: Settings): string[] {
  if (server.Engine !== 'grpc-js') return [];
  return Object.keys(wireLimitKeys).filter((name) => Reflect.get(server, name) !== undefined);
}
