import type { ConfigFinding } from '@kun/config';
import {
  resolveSettings,
  type ResolvedSettings,
  type ResolveSettingsFacts,
} from '../settings/resolve-settings.js';
import type { Settings } from '../settings/settings.js';

/** One step of the stop. */
export interface StopStep {
  /** The name of the phase that it stops, as in the report and in errors. */
  readonly name: string;
  /** How long it may take: a configuration key, or a number of milliseconds. */
  readonly limit: number | { readonly key: string; readonly ms: (settings: StopSettings) => number };
  /** When the step exists: in words, and as far as the configuration tells. Default: always. */
  readonly where?: {
    readonly text: string;
    readonly configured: (settings: Pick<ResolvedSettings, 'http'>) => boolean;
  };
  /** Whether the phase enforces the limit itself by forcing what remains. Default: the lifecycle abandons it. */
  readonly keepsLimit?: boolean;
  /** What the step does, for docs/shutdown.md. */
  readonly what: string;
}

/** The settings that determine the limits. */
export interface StopSettings extends Pick<
  ResolvedSettings,
  'allStopCallbacksTimeoutMs' | 'destroyHooksTimeoutMs'
> {
  readonly grpc: Pick<ResolvedSettings['grpc'], 'preStopDelayMs' | 'drainTimeoutMs'>;
}

/** How far steps that enforce their own limit may exceed it, once per stop: for the last bytes and the process exit. */
export const STOP_MARGIN_MS = 1000;

/** A step with its limit in this application. */
export interface TimedStep {
  readonly name: string;
  readonly limitMs: number;
  readonly keepsLimit: boolean;
}

/** The steps of a stop, in order. */
export type StopPlan = readonly StopStep[];

/** The plan with the limits of an application. */
export function timedSteps(settings: StopSettings, plan: StopPlan): TimedStep[] {
  return plan.map((step) => ({
    name: step.name,
    limitMs: limitOf(step, settings),
    keepsLimit: step.keepsLimit ?? false,
  }));
}

/** What is known about the steps before the application exists. */
type PlannedSettings = StopSettings & Pick<ResolvedSettings, 'gracePeriodMs' | 'http'>;

/**
 * Checks whether a stop fits between SIGTERM and SIGKILL. Returns `undefined` if it does or there is no grace period;
 * else a warning with the sum and the remedy.
 *
 * @param has which steps the application has
 */
function stopPlanWarning(
  settings: PlannedSettings,
  has: (step: StopStep) => boolean,
  plan: StopPlan,
): string | undefined {
  const { gracePeriodMs } = settings;
  const steps = plan.filter((step) => has(step) && limitOf(step, settings) > 0);
  const longestMs = steps.reduce((sum, step) => sum + limitOf(step, settings), STOP_MARGIN_MS);
  if (gracePeriodMs === undefined || longestMs <= gracePeriodMs) return undefined;
  const parts = steps.map((step) => `${labelOf(step)} ${limitOf(step, settings) / 1000}`);
  const sum = [...parts, `margin ${STOP_MARGIN_MS / 1000}`].join(' + ');
  return (
    `a stop may take ${longestMs / 1000} s (${sum}), but the process is killed after ${gracePeriodMs / 1000} s; ` +
    `set the pod's terminationGracePeriodSeconds and TerminationGracePeriod to at least ${Math.ceil(longestMs / 1000)}, ` +
    'or lower GRPCServer.GrpcGracefulStopTimeout'
  );
}

/** The same for what the configuration cannot know: ports and transports added in `main.ts`. */
export function addedStepsWarning(
  settings: PlannedSettings,
  has: (step: StopStep) => boolean,
  plan: StopPlan,
): string | undefined {
  const known = isConfigured(settings);
  return stopPlanWarning(settings, known, plan) ? undefined : stopPlanWarning(settings, has, plan);
}

/** A check for `loadConfig`, which knows the location of the key: whether a stop fits into the grace period. */
export function checkStopPlan(
  settings: Settings,
  facts: ResolveSettingsFacts,
  plan: StopPlan,
): ConfigFinding[] {
  const resolved = resolveSettings(settings, facts);
  const message = stopPlanWarning(resolved, isConfigured(resolved), plan);
  return message === undefined
    ? []
    : [{ path: 'GRPCServer.GrpcGracefulStopTimeout', message, severity: 'warning' }];
}

/** Whether an application has a step, as far as its configuration tells. */
function isConfigured(settings: Pick<ResolvedSettings, 'http'>): (step: StopStep) => boolean {
  return ({ where }) => where === undefined || where.configured(settings);
}

function limitOf({ limit }: StopStep, settings: StopSettings): number {
  return typeof limit === 'number' ? limit : limit.ms(settings);
}

function labelOf({ limit, name }: StopStep): string {
  return typeof limit === 'object' ? limit.key : name;
}
