import type { OptionalFactoryDependency } from '@nestjs/common';
import { systemClock, type Clock } from '../clock.js';
import { Entrance } from './entrance.js';
import type { KunRuntime } from './options.js';

/** Injects `KunModuleOptions`. */
export const KUN_OPTIONS = Symbol('KUN_OPTIONS');

/** Injects {@link KunRuntime}. */
export const KUN_RUNTIME = Symbol('KUN_RUNTIME');

/** {@link KunRuntime} as a factory dependency; absent when the application was not created by `KunFactory`. */
export const RUNTIME: OptionalFactoryDependency = Object.freeze({ token: KUN_RUNTIME, optional: true });

/** `Entrance` as a factory dependency; absent when the application was not created by `KunFactory`. */
export const ENTRANCE: OptionalFactoryDependency = Object.freeze({ token: Entrance, optional: true });

/** Injects the application's `StopPlan`, which is known before the application is created. */
export const KUN_STOP_PLAN = Symbol('KUN_STOP_PLAN');

/** Injects kun's resolved configuration: `ResolvedSettings`. */
export const KUN_SETTINGS = Symbol('KUN_SETTINGS');

/** Injects the application's `Tracing`, or `undefined` when tracing is off. */
export const KUN_TRACING = Symbol('KUN_TRACING');

/** Injects the application's `MetricExport`, or `undefined` when metrics are only scraped. */
export const KUN_METRIC_EXPORT = Symbol('KUN_METRIC_EXPORT');

/** Injects the application's `RecentLines`, or `undefined` when none are kept. */
export const KUN_RECENT_LINES = Symbol('KUN_RECENT_LINES');

/** The application's clock. */
export function clockOf(runtime: KunRuntime): Clock {
  return runtime.clock ?? systemClock;
}
