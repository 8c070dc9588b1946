import type { ConfigFinding } from '@kun/config';
import { checkUpstreams } from './check-upstreams.js';
import { resolveSettings, type ResolveSettingsFacts } from './resolve-settings.js';
import type { Settings } from './settings.js';

/** What {@link checkSettings} must know besides the settings. */
export interface CheckSettingsFacts extends ResolveSettingsFacts {
  /** The names of the application's clients. Default: not known, and nothing is said of them. */
  readonly upstreams?: readonly string[] | undefined;
}

/**
 * What is valid but most likely not meant: keys without effect, and upstreams that nobody calls. A check for
 * `loadConfig`, which knows the place of each key.
 */
export function checkSettings(settings: Settings, facts: CheckSettingsFacts): ConfigFinding[] {
  const resolved = resolveSettings(settings, facts);
  const findings: ConfigFinding[] = checkUpstreams(settings, facts.upstreams);
  const warn = (path: string, message: string): void =>
    void findings.push({ path, message, severity: 'warning' });

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
