import type { Surroundings } from './declare.js';
import type { Source } from './live.js';
import { kunSettings, type Settings } from './settings.js';
import { resolveUpstream, type UpstreamSnapshot } from './upstream.js';

/** What {@link resolveSettings} must know besides the settings. */
export interface ResolveSettingsFacts extends Pick<Surroundings, 'inKubernetes' | 'ports'> {
  /** Whether somebody takes spans besides the exporters of the configuration. Default false. */
  readonly spansTaken?: boolean | undefined;
}

/** kun's settings at one moment: every default decided, units in the names, off as `undefined`. */
export type SettingsSnapshot = ReturnType<typeof kunSettings.read>;

/** kun's settings as the code uses them: those fixed at the start as they are, the others `Live`. */
export type ResolvedSettings = ReturnType<typeof kunSettings.hold>;

/** Decides everything the configuration leaves open. */
export function resolveSettings(settings: Settings, facts: ResolveSettingsFacts): SettingsSnapshot {
  return kunSettings.read(settings, surroundingsOf(settings, facts));
}

/** Everything for the calls to one upstream: what `Upstreams.<name>` says, then `GRPCDial`, then the defaults. */
export function resolveUpstreamSettings(
  settings: Settings,
  name: string,
  facts: Pick<ResolveSettingsFacts, 'spansTaken'> = {},
): UpstreamSnapshot {
  return resolveUpstream(settings, name, surroundingsOf(settings, { inKubernetes: false, ...facts }));
}

/** The settings to be kept. */
export function holdSettings(source: Source<SettingsSnapshot>): ResolvedSettings {
  return kunSettings.hold(source);
}

function surroundingsOf(settings: Settings, { spansTaken, ...facts }: ResolveSettingsFacts): Surroundings {
  const exporterConfigured =
    spansTaken === true || settings.Zipkin.Hosts.length > 0 || settings.Tracing.Otlp !== undefined;
  return { ...facts, exporterConfigured };
}
