import type { ConfigFinding } from '@kun/config';
import { resolveSettings, type ResolvedSettings } from '../settings/resolve-settings.js';
import type { ResolveSettingsFacts } from '../settings/resolve-settings.js';
import type { Settings } from '../settings/settings.js';

/** One step of the stop. */
export interface StopStep {
  /** The phase that is stopped by it, as in the report and in errors. */
  readonly name: string;
  /** How long it may take: what the configuration says, or a number of milliseconds. */
  readonly limit: number | { readonly key: string; readonly ms: (settings: StopSettings) => number };
  /** When there is such a step, in words. Default: always. */
  readonly where?: string;
  /** Whether the phase keeps to the limit itself, and what is left of it is forced. Default: the lifecycle leaves it behind. */
  readonly keepsLimit?: boolean;
  /** What happens in it, for docs/shutdown.md. */
  readonly what: string;
}

/** The part of the settings that limits are read from. */
export interface StopSettings extends Pick<
  ResolvedSettings,
  'allStopCallbacksTimeoutMs' | 'destroyHooksTimeoutMs'
> {
  readonly grpc: Pick<ResolvedSettings['grpc'], 'preStopDelayMs' | 'drainTimeoutMs'>;
}

/**
 * The stop, in the order in which it happens: nothing is taken away while a call can still use it, and probes and
 * metrics answer to the end. The lifecycle walks it, {@link checkStopPlan} adds it up, and `npm run docs` prints it.
 */
export const STOP_PLAN: readonly StopStep[] = [
  {
    name: 'readiness',
    limit: { key: 'GRPCServer.PreStopDelay', ms: ({ grpc }) => grpc.preStopDelayMs },
    keepsLimit: true,
    what: '`/readyz` 503, health NOT_SERVING; `draining` and `stopping` abort; new calls still succeed',
  },
  {
    name: 'gRPC port',
    limit: { key: 'GRPCServer.GrpcGracefulStopTimeout', ms: ({ grpc }) => grpc.drainTimeoutMs },
    keepsLimit: true,
    what: 'GOAWAY; streams end after `GRPCServer.StreamGracePeriod`; what is left at the limit is forced',
  },
  {
    name: 'HTTP port',
    // kunapp's 3 seconds.
    limit: 3000,
    where: 'where there is one',
    keepsLimit: true,
    what: 'requests in flight end',
  },
  {
    name: 'microservices',
    limit: 5000,
    where: 'where one is connected',
    what: "Nest's other transports close",
  },
  {
    name: 'stop callbacks',
    limit: {
      key: 'AllStopCallbacksTimeout',
      ms: ({ allStopCallbacksTimeoutMs }) => allStopCallbacksTimeoutMs,
    },
    keepsLimit: true,
    what: '`lifecycle.onStop(name, callback)`, the last registered first, each within `StopCallbackTimeout`',
  },
  {
    name: 'Nest',
    limit: { key: 'DestroyHooksTimeout', ms: ({ destroyHooksTimeoutMs }) => destroyHooksTimeoutMs },
    what: '`onModuleDestroy`, `beforeApplicationShutdown`, `onApplicationShutdown`, all together',
  },
  { name: 'upstreams', limit: 1000, what: 'the channels to other services close' },
  { name: 'telemetry', limit: 2000, keepsLimit: true, what: 'the last spans and metrics are sent' },
  { name: 'admin port', limit: 1000, what: 'probes and metrics go' },
];

/** What a step that keeps to its limit may go beyond it, once in a stop: the last bytes, and the process's own end. */
export const STOP_MARGIN_MS = 1000;

/** A step with the limit it has in this application. */
export interface TimedStep {
  readonly name: string;
  readonly limitMs: number;
  readonly keepsLimit: boolean;
}

/** The plan with the limits of an application. */
export function timedSteps(settings: StopSettings, plan = STOP_PLAN): TimedStep[] {
  return plan.map(({ name, limit, keepsLimit = false }) => ({
    name,
    limitMs: typeof limit === 'number' ? limit : limit.ms(settings),
    keepsLimit,
  }));
}

/** Whether an application has the step, as far as its configuration tells. */
function hasStep(name: string, http: boolean, plan = STOP_PLAN): boolean {
  const step = plan.find((candidate) => candidate.name === name);
  return step !== undefined && (step.where === undefined || (http && name === 'HTTP port'));
}

/**
 * Says whether a stop fits between SIGTERM and SIGKILL: `undefined` when it does, or when there is no grace period to
 * fit into; else one warning with the sum and the remedy.
 *
 * @param has which steps the application has
 */
export function stopPlanWarning(
  settings: StopSettings & Pick<ResolvedSettings, 'gracePeriodMs'>,
  has: (name: string) => boolean,
  plan = STOP_PLAN,
): string | undefined {
  const { gracePeriodMs } = settings;
  const steps = timedSteps(settings, plan).filter(({ name, limitMs }) => limitMs > 0 && has(name));
  const longestMs = steps.reduce((sum, { limitMs }) => sum + limitMs, STOP_MARGIN_MS);
  if (gracePeriodMs === undefined || longestMs <= gracePeriodMs) return undefined;
  const parts = steps.map(({ name, limitMs }) => `${labelOf(name, plan)} ${limitMs / 1000}`);
  const sum = [...parts, `margin ${STOP_MARGIN_MS / 1000}`].join(' + ');
  return (
    `a stop may take ${longestMs / 1000} s (${sum}), but the process is killed after ${gracePeriodMs / 1000} s; ` +
    `set the pod's terminationGracePeriodSeconds and TerminationGracePeriod to at least ${Math.ceil(longestMs / 1000)}, ` +
    'or lower GRPCServer.GrpcGracefulStopTimeout'
  );
}

/** The same of what the configuration cannot know: ports and transports that `main.ts` added. */
export function addedStepsWarning(
  settings: StopSettings & Pick<ResolvedSettings, 'gracePeriodMs' | 'http'>,
  has: (name: string) => boolean,
  plan = STOP_PLAN,
): string | undefined {
  const known = (name: string) => hasStep(name, settings.http !== undefined, plan);
  return stopPlanWarning(settings, known, plan) ? undefined : stopPlanWarning(settings, has, plan);
}

/** A check for `loadConfig`, which knows the place of the key: whether a stop fits into the grace period. */
export function checkStopPlan(
  settings: Settings,
  facts: ResolveSettingsFacts,
  plan = STOP_PLAN,
): ConfigFinding[] {
  const resolved = resolveSettings(settings, facts);
  const http = resolved.http !== undefined;
  const message = stopPlanWarning(resolved, (name) => hasStep(name, http, plan), plan);
  return message === undefined
    ? []
    : [{ path: 'GRPCServer.GrpcGracefulStopTimeout', message, severity: 'warning' }];
}

function labelOf(name: string, plan: readonly StopStep[]): string {
  const limit = plan.find((step) => step.name === name)?.limit;
  return typeof limit === 'object' ? limit.key : name;
}
