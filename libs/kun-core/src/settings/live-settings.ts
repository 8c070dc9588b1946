import type { Configuration } from '@kun/config';
import {
  resolveSettings,
  resolveUpstreamSettings,
  type ResolvedSettings,
  type ResolveSettingsFacts,
} from './resolve-settings.js';
import type { Settings } from './settings.js';
import type { ResolvedUpstream } from './upstreams.settings.js';

/** kun's settings as they are now; keys that are not live stay as they were at the start for whoever read them then. */
export class LiveSettings {
  private readonly listeners = new Set<() => void>();
  private resolved: ResolvedSettings;
  private upstreams = new Map<string, ResolvedUpstream>();

  constructor(
    private readonly configuration: Configuration<Settings>,
    private readonly facts: ResolveSettingsFacts,
  ) {
    this.resolved = resolveSettings(configuration.value, facts);
    // Ends with the configuration itself.
    configuration.reloads.subscribe((event) => {
      if (!event.ok || event.changes.length === 0) return;
      this.resolved = resolveSettings(event.config.value, facts);
      this.upstreams = new Map();
      for (const listener of this.listeners) listener();
    });
  }

  get current(): ResolvedSettings {
    return this.resolved;
  }

  /** What holds for the calls to one upstream. */
  upstream(name: string): ResolvedUpstream {
    let upstream = this.upstreams.get(name);
    if (!upstream) {
      upstream = resolveUpstreamSettings(this.configuration.value, name, this.facts);
      this.upstreams.set(name, upstream);
    }
    return upstream;
  }

  /** Calls `listener` after each change; the returned function takes it off again. */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
