import type { Surroundings } from './declare.js';
import type { Source } from './live.js';
import { kunSettings, type Settings } from './settings.js';
import { resolveUpstream, type UpstreamSnapshot } from './upstream.js';

/** What {@link resolveSettings} needs in addition to the settings. */
export interface ResolveSettingsFacts extends Pick<Surroundings, 'inKubernetes' | 'ports'> {
  /** Whether spans are exported other than by the configured exporters. Default: false */
  readonly spansTaken?: boolean | undefined;
}

/** kun's settings at one moment: with all defaults, units in the names, and disabled features as `undefined`. */
export type SettingsSnapshot = ReturnType<typeof kunSettings.read>;

/** kun's settings as the code uses them: fixed ones as plain values, others as `Live`. */
export type ResolvedSettings = ReturnType<typeof kunSettings.hold>;

/** Resolves everything that the configuration leaves open. */
export function resolveSettings(settings: Settings, facts: ResolveSettingsFacts): SettingsSnapshot {
  return kunSettings.read(settings, surroundingsOf(settings, facts));
}

/** The settings for calls to one upstream: `Upstreams.<name>` over `GRPCDial` over the defaults. */
export function resolveUpstreamSettings(
  settings: Settings,
  name: string,
  facts: Pick<ResolveSettingsFacts, 'spansTaken'> = {},
): UpstreamSnapshot {
  return resolveUpstream(settings, name, surroundingsOf(settings, { inKubernetes: false, ...facts }));
}

/** The settings in the form that may be kept. */
export function holdSettings(source: Source<SettingsSnapshot>): ResolvedSettings {
  return kunSettings.hold(source);
}

function surroundingsOf(settings: Settings, { spansTaken, ...facts }: ResolveSettingsFacts): Surroundings {
  const exporterConfigured =
    spansTaken === true || settings.Zipkin.Hosts.length > 0 || settings.Tracing.Otlp !== undefined;
  return { ...facts, exporterConfigured };
}
