import { Configuration } from '@kun/config';
import type { FactoryProvider } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { Upstreams } from '../client/upstreams/upstreams.js';
import { Identity } from '../identity/identity.js';
import { Lifecycle } from '../lifecycle/lifecycle.js';
import { Liveness } from '../lifecycle/liveness.js';
import { Readiness } from '../lifecycle/readiness.js';
import { Startup } from '../lifecycle/startup.js';
import { ApplicationLogger } from '../logs/application-logger.js';
import { LogRouter } from '../logs/log-router.js';
import type { MetricExport } from '../metrics/metric-export.js';
import { Meter } from '../metrics/meter.js';
import { RecentCalls } from '../recent/recent-calls.js';
import type { RecentLines } from '../recent/recent-lines.js';
import { LiveSettings } from '../settings/live-settings.js';
import type { ResolvedSettings } from '../settings/resolve-settings.js';
import type { Settings } from '../settings/settings.js';
import type { Tracing } from '../traces/tracing.js';
import type { Entrance } from './entrance.js';
import type { KunModuleOptions, KunRuntime } from './options.js';
import {
  ENTRANCE,
  KUN_METRIC_EXPORT,
  KUN_OPTIONS,
  KUN_RECENT_LINES,
  KUN_SETTINGS,
  KUN_TRACING,
  RUNTIME,
} from './tokens.js';

/** Everything that kun's own providers depend on, by name. */
export interface ProviderParts {
  readonly options: KunModuleOptions;
  /** Empty when none were given. */
  readonly runtime: KunRuntime;
  readonly entrance: Entrance | undefined;
  readonly identity: Identity;
  readonly configuration: Configuration<Settings>;
  readonly live: LiveSettings;
  readonly settings: ResolvedSettings;
  readonly log: LogRouter;
  readonly logger: ApplicationLogger;
  readonly meter: Meter;
  readonly recent: RecentCalls;
  readonly recentLines: RecentLines | undefined;
  readonly tracing: Tracing | undefined;
  readonly metricExport: MetricExport | undefined;
  readonly lifecycle: Lifecycle;
  readonly readiness: Readiness;
  readonly liveness: Liveness;
  readonly startup: Startup;
  readonly upstreams: Upstreams;
  readonly moduleRef: ModuleRef;
}

type Dependency = NonNullable<FactoryProvider['inject']>[number];

const DEPENDENCIES: Readonly<Record<keyof ProviderParts, Dependency>> = {
  options: KUN_OPTIONS,
  runtime: RUNTIME,
  entrance: ENTRANCE,
  identity: Identity,
  configuration: Configuration,
  live: LiveSettings,
  settings: KUN_SETTINGS,
  log: LogRouter,
  logger: ApplicationLogger,
  meter: Meter,
  recent: RecentCalls,
  recentLines: KUN_RECENT_LINES,
  tracing: KUN_TRACING,
  metricExport: KUN_METRIC_EXPORT,
  lifecycle: Lifecycle,
  readiness: Readiness,
  liveness: Liveness,
  startup: Startup,
  upstreams: Upstreams,
  moduleRef: ModuleRef,
};

/** Defines a provider that receives its named dependencies as one object; Nest itself passes them by position. */
export function provide<T, K extends keyof ProviderParts>(
  token: FactoryProvider<T>['provide'],
  names: readonly K[],
  make: (parts: Pick<ProviderParts, K>) => T | Promise<T>,
): FactoryProvider<T> {
  return {
    provide: token,
    inject: names.map((name) => DEPENDENCIES[name]),
    useFactory: (...given: unknown[]) => {
      const parts = names.map((name, index) => [name, given[index] ?? ABSENT[name as keyof typeof ABSENT]]);
      return make(Object.fromEntries(parts) as Pick<ProviderParts, K>);
    },
  };
}

/** Defaults for absent optional dependencies. */
const ABSENT = { runtime: {} } as const;
