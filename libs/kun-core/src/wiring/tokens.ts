import type { OptionalFactoryDependency } from '@nestjs/common';
import { systemClock, type Clock } from '../clock.js';
import { Entrance } from './entrance.js';
import type { KunRuntime } from './options.js';

/** Injects `KunModuleOptions`. */
export const KUN_OPTIONS = Symbol('KUN_OPTIONS');

/** Injects {@link KunRuntime}. */
export const KUN_RUNTIME = Symbol('KUN_RUNTIME');

/** {@link KunRuntime} as a dependency of a factory; there is none where an application is made without `KunFactory`. */
export const RUNTIME: OptionalFactoryDependency = Object.freeze({ token: KUN_RUNTIME, optional: true });

/** The `Entrance` as a dependency of a factory; there is none where an application is made without `KunFactory`. */
export const ENTRANCE: OptionalFactoryDependency = Object.freeze({ token: Entrance, optional: true });

/** Injects the `StopPlan` of the application, which is known before it is made. */
export const KUN_STOP_PLAN = Symbol('KUN_STOP_PLAN');

/** Injects kun's own configuration as the code uses it: `ResolvedSettings`. */
export const KUN_SETTINGS = Symbol('KUN_SETTINGS');

/** Injects the application's `Tracing`, or `undefined` when nothing is traced. */
export const KUN_TRACING = Symbol('KUN_TRACING');

/** Injects the application's `MetricExport`, or `undefined` when metrics are only scraped. */
export const KUN_METRIC_EXPORT = Symbol('KUN_METRIC_EXPORT');

/** Injects the application's `RecentLines`, or `undefined` when none are kept. */
export const KUN_RECENT_LINES = Symbol('KUN_RECENT_LINES');

/** The clock of an application. */
export function clockOf(runtime: KunRuntime): Clock {
  return runtime.clock ?? systemClock;
}
