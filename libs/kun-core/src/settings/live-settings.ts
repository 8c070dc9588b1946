import type { Configuration } from '@kun/config';
import type { Live, Source } from './live.js';
import {
  holdSettings,
  resolveSettings,
  resolveUpstreamSettings,
  type ResolvedSettings,
  type ResolveSettingsFacts,
} from './resolve-settings.js';
import type { Settings } from './settings.js';
import { holdUpstream, type ResolvedUpstream, type UpstreamSnapshot } from './upstream.js';

/** What calls log at present, with notification of changes. */
export interface CallLogging {
  readonly current: () => {
    /** Characters of each message to log; `undefined`: no content is logged. */
    readonly contentMaxLength: number | undefined;
    readonly codeNames: ResolvedSettings['metrics']['codeNames'];
    readonly sampling: ResolvedSettings['logger']['sampling']['current'];
    /** Fields to mask in logged content. */
    readonly redact: readonly string[];
  };
  readonly onChange: (listener: () => void) => void;
}

/** kun's settings, following the configuration: live settings change, all others keep their values from the start. */
export class LiveSettings {
  readonly settings: ResolvedSettings;
  private readonly listeners = new Set<() => void>();
  private readonly upstreams = new Map<string, ResolvedUpstream>();

  constructor(
    private readonly configuration: Configuration<Settings>,
    private readonly facts: ResolveSettingsFacts,
  ) {
    this.settings = holdSettings(this.source((settings) => resolveSettings(settings, facts)));
    // Ends with the configuration itself.
    configuration.reloads.subscribe((event) => {
      if (!event.ok || event.changes.length === 0) return;
      for (const listener of this.listeners) listener();
    });
  }

  /** The settings for calls to one upstream. */
  upstream(name: string): ResolvedUpstream {
    let upstream = this.upstreams.get(name);
    if (!upstream) {
      const resolve = (settings: Settings): UpstreamSnapshot =>
        resolveUpstreamSettings(settings, name, this.facts);
      upstream = holdUpstream(this.source(resolve));
      this.upstreams.set(name, upstream);
    }
    return upstream;
  }

  /** What the calls of one section log: `GRPCServer`, or an upstream. */
  callLogging({ contentMaxLength }: { readonly contentMaxLength: Live<number | undefined> }): CallLogging {
    const { metrics, logger } = this.settings;
    return {
      current: () => ({
        codeNames: metrics.codeNames,
        redact: logger.redact.current,
        sampling: logger.sampling.current,
        contentMaxLength: contentMaxLength.current,
      }),
      onChange: (listener) => void this.onChange(listener),
    };
  }

  /** Calls `listener` after each change of the file; the returned function unsubscribes it. */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Resolves once per configuration, because live settings are read on every call. */
  private source<T>(resolve: (settings: Settings) => T): Source<T> {
    let read = this.configuration.value;
    let resolved = resolve(read);
    return {
      now: () => {
        const { value } = this.configuration;
        if (value !== read) {
          read = value;
          resolved = resolve(value);
        }
        return resolved;
      },
      onChange: (listener) => this.onChange(listener),
    };
  }
}
