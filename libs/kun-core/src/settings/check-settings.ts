import type { ConfigFinding } from '@kun/config';
import { checkUpstreams } from './check-upstreams.js';
import { wireLimitKeys } from './keys/limits/wire-limits.js';
import { resolveSettings, type ResolveSettingsFacts } from './resolve-settings.js';
import type { Settings } from './settings.js';

/** What {@link checkSettings} needs in addition to the settings. */
export interface CheckSettingsFacts extends ResolveSettingsFacts {
  /** The names of the application's clients. Default: unknown, and not checked */
  readonly upstreams?: readonly string[] | undefined;
}

/**
 * Finds settings that are valid but most likely unintended: keys without effect, limits that the engine does not have,
 * and upstreams that nobody calls. A check for `loadConfig`, which knows the location of each key.
 */
export function checkSettings(settings: Settings, facts: CheckSettingsFacts): ConfigFinding[] {
  const resolved = resolveSettings(settings, facts);
  const findings: ConfigFinding[] = checkUpstreams(settings, facts.upstreams);
  const warn = (path: string, message: string): void =>
    void findings.push({ path, message, severity: 'warning' });

  for (const name of unreadByGrpcJs(settings)) {
    const message =
      'is not supported by the engine grpc-js, which has no such limit; set GRPCServer.Engine to kun, or remove the key';
    findings.push({ path: `GRPCServer.${name}`, message, severity: 'error' });
  }
  if (settings.GRPCServer.Engine === 'grpc-js' && resolved.grpc.compression !== 'identity') {
    const message =
      'is not supported by the engine grpc-js, which does not compress responses; set GRPCServer.Engine to kun, or remove the key';
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

/** The configured limits that the engine grpc-js does not support. */
function unreadByGrpcJs({ GRPCServer: server }: Settings): string[] {
  if (server.Engine !== 'grpc-js') return [];
  return Object.keys(wireLimitKeys).filter((name) => Reflect.get(server, name) !== undefined);
}
