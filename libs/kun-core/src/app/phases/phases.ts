import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Phase } from '../../lifecycle/phase.js';
import { addedStepsWarning, type StopStep } from '../../lifecycle/stop-plan.js';
import { partsOf, type DeclaredPhase, type OpenPorts, type WantedParts } from './parts.js';
import { adminPort, grpcPort, httpPort, microservicePorts } from './ports.js';
import { nestHooks, readyState, stopCallbacks, telemetry, upstreamChannels } from './resources.js';

/** The start: nothing is ready before what it needs, and calls come last. */
export const START_ORDER: readonly DeclaredPhase[] = [
  // A start that takes long can be told from one that hangs.
  adminPort,
  // The user's providers, which may call upstreams from their hooks: channels connect by themselves.
  nestHooks,
  stopCallbacks,
  telemetry,
  // Those that must be there before the first call.
  upstreamChannels,
  grpcPort,
  httpPort,
  microservicePorts,
  readyState,
];

/**
 * The stop, in the order in which it happens: nothing is taken away while a call can still use it, and probes and
 * metrics answer to the end. The lifecycle walks it, `checkStopPlan` adds it up, and `npm run docs` prints it.
 */
export const STOP_PLAN: readonly DeclaredPhase[] = [
  readyState,
  grpcPort,
  httpPort,
  microservicePorts,
  stopCallbacks,
  nestHooks,
  upstreamChannels,
  telemetry,
  adminPort,
];

/** The phases of an application in the order of their start; the stop has the order of {@link STOP_PLAN}. */
export function kunPhases(
  nest: NestExpressApplication,
  ports: { -readonly [P in keyof OpenPorts]: OpenPorts[P] },
  wanted: WantedParts = {},
): Phase[] {
  const parts = partsOf(nest, ports, wanted);
  const phases = START_ORDER.flatMap((declared) => {
    const phase = declared.in(parts);
    return phase ? [{ name: declared.name, ...phase }] : [];
  });
  const has = (step: StopStep) => phases.some(({ name }) => name === step.name);
  const warning = addedStepsWarning(parts.settings, has, STOP_PLAN);
  if (warning !== undefined) parts.warnings.push(warning);
  return phases;
}
